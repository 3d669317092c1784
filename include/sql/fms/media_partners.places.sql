-- media_partners: where a partner's address is, as the geocoder said; no part of the row's hash. What has expired or
-- was not found leaves no coordinates behind.
UPDATE fms.media_partners AS target SET
    latitude = fresh.latitude, longitude = fresh.longitude, geocode_precision = fresh.precision,
    is_geocode_partial = fresh.is_partial, geocoded_at = fresh.fetched_at, synced_at = now(), sync_id = %(sync_id)s
FROM (
    SELECT
        partners.person_id,
        partners.office,
        found.latitude,
        found.longitude,
        found.precision,
        found.is_partial,
        found.fetched_at
    FROM fms.media_partners AS partners
    LEFT JOIN fms.geocodes AS found
        ON partners.client_id = found.client_id AND found.address_key = fms.address_key(partners.address)
        AND found.status = 'found' AND found.expires_at > now()
    WHERE partners.client_id = %(client)s AND partners.account = %(account)s
) AS fresh
WHERE target.client_id = %(client)s AND target.account = %(account)s
    AND target.person_id = fresh.person_id AND target.office = fresh.office
    AND (
        target.latitude, target.longitude, target.geocode_precision, target.is_geocode_partial, target.geocoded_at
    ) IS DISTINCT FROM (fresh.latitude, fresh.longitude, fresh.precision, fresh.is_partial, fresh.fetched_at)
