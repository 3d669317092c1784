-- core.locations of FMS: one an office, known by its name alone. Its place is what people set in fms.offices, else where
-- the geocoder found it.
SELECT
    known.external_id,
    NULL::text AS external_key,
    known.name,
    NULL::text AS city,
    NULL::text AS region,
    NULL::text AS postal_code,
    found.country,
    coalesce(offices.latitude, found.latitude::double precision) AS latitude,
    coalesce(offices.longitude, found.longitude::double precision) AS longitude,
    NULL::text AS timezone
FROM core.locations AS known
LEFT JOIN fms.offices
    ON known.client_id = offices.client_id AND known.account = offices.account AND known.name = offices.name
LEFT JOIN fms.geocodes AS found
    ON known.client_id = found.client_id AND found.status = 'found' AND found.expires_at > now()
    AND found.address_key = fms.address_key(coalesce(offices.address, known.name))
WHERE known.client_id = %(client)s AND known.source = 'fms' AND known.account = %(account)s AND known.is_mapped
