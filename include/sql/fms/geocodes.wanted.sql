-- Addresses to ask the geocoder for: of partners and offices that it has not been asked about, or whose answer expired.
SELECT DISTINCT ON (wanted.address_key)
    wanted.address_key,
    wanted.address
FROM (
    SELECT fms.address_key(partners.address) AS address_key, partners.address
    FROM fms.media_partners AS partners
    WHERE partners.client_id = %(client)s AND partners.account = %(account)s AND NOT partners.is_deleted
    UNION ALL
    SELECT fms.address_key(spelt.address), spelt.address
    FROM core.locations AS places
    LEFT JOIN fms.offices
        ON places.client_id = offices.client_id AND places.account = offices.account AND places.name = offices.name
    CROSS JOIN LATERAL (SELECT coalesce(offices.address, places.name) AS address) AS spelt
    WHERE places.client_id = %(client)s AND places.source = 'fms' AND places.account = %(account)s
        AND places.is_mapped AND offices.latitude IS NULL
) AS wanted
LEFT JOIN fms.geocodes AS known
    ON known.client_id = %(client)s AND wanted.address_key = known.address_key AND known.expires_at > now()
WHERE wanted.address_key IS NOT NULL AND known.address_key IS NULL
ORDER BY wanted.address_key, wanted.address
