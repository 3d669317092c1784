-- The places of a source that may be chosen: those that whoever asks may see, the unmapped one too. And the place that
-- was chosen, though it be another source's.
SELECT source, location_id, coalesce(name, external_id) AS name
FROM core.locations
WHERE source = %(source)s OR location_id = %(branch)s
ORDER BY name, location_id
