-- arrivy.entity_readings: where a crew member was last, as its own record says; some never were anywhere.
SELECT
    landed.record_id,
    root.entity_id,
    root.location_id,
    arrivy.as_instant(reading.last ->> 'time') AS reported_at,
    reading.last ->> 'lat' AS latitude,
    reading.last ->> 'lng' AS longitude,
    arrivy.as_text(reading.last ->> 'street') AS street,
    arrivy.as_text(reading.last ->> 'city') AS city,
    arrivy.as_text(reading.last ->> 'country') AS country
FROM landed
INNER JOIN staged_entities AS root USING (record_id)
CROSS JOIN LATERAL (SELECT arrivy.as_object(body -> 'lastreading') AS last) AS reading
WHERE jsonb_typeof(reading.last) = 'object'
