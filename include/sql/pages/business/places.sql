-- The places of a source that may be chosen: those that whoever asks may see, the unmapped one too.
SELECT location_id, coalesce(name, external_id) AS name
FROM core.locations
WHERE source = %(source)s
ORDER BY name, location_id
