-- core.locations of Tekmetric: one a shop. No API sends coordinates or a time zone, so the zone is a setting; the
-- country follows from the form of the zip code.
SELECT
    shops.tm_id::text AS external_id,
    NULL::text AS external_key,
    shops.name,
    shops.city,
    shops.state AS region,
    shops.zip AS postal_code,
    CASE WHEN shops.zip ~ '^\d{5}(-\d{4})?$' THEN 'US' END AS country,
    NULL::double precision AS latitude,
    NULL::double precision AS longitude,
    NULL::text AS timezone
FROM tekmetric.shops
WHERE shops.account = %(account)s AND NOT shops.is_deleted
