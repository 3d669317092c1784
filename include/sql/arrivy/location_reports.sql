-- arrivy.location_reports: one row a reading of a crew member; its time has no zone, which means UTC (section 4.5). It
-- is read once for both of its columns.
SELECT
    landed.record_id,
    body ->> 'entity' AS entity_id,
    landed.reported_at,
    landed.location_id,
    body ->> 'lat' AS latitude,
    body ->> 'lng' AS longitude,
    arrivy.as_text(body ->> 'street') AS street,
    arrivy.as_text(body ->> 'city') AS city,
    arrivy.as_text(body ->> 'country') AS country,
    arrivy.as_object(body -> 'meta') AS meta,
    body ->> 'authorized' AS authorized,
    landed.reported_at AS source_updated_at,
    nullif(
        body - ARRAY['entity', 'time', 'lat', 'lng', 'street', 'city', 'country', 'meta', 'authorized'], '{}'::jsonb
    ) AS extra
FROM (
    SELECT
        record_id,
        location_id,
        body,
        arrivy.as_instant(body ->> 'time') AS reported_at
    FROM landed
    OFFSET bigint '0' -- noqa: AM09
) AS landed
