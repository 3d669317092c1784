-- Before a stream of FMS is typed: `staged_places`, the location of every office that its records name. An office is
-- known by its name alone, so one that a report names first is a location from then on, and somebody is told (T34: one
-- that is only spelt differently becomes an alias). A workbook makes no office: people misspell them.
DROP TABLE IF EXISTS staged_places;

CREATE TEMP TABLE staged_places ON COMMIT DROP AS
SELECT
    named.client_id,
    named.account,
    named.name,
    named.is_reported,
    found.location_id,
    found.is_mapped
FROM (
    SELECT
        landed.client_id,
        landed.account,
        fms.as_text(landed.body ->> 'office') AS name,
        bool_or(NOT landed.body ? 'sheet') AS is_reported
    FROM landed
    GROUP BY 1, 2, 3
) AS named
LEFT JOIN core.locations AS found
    ON found.location_id = core.location_named(named.client_id, 'fms', named.account, named.name)
WHERE named.name IS NOT NULL;

INSERT INTO ops.schema_drift (source, stream, kind, subject, sync_id)
SELECT
    'fms',
    %(stream)s,
    CASE WHEN places.is_reported THEN 'new_location' ELSE 'unmapped_location' END,
    places.name,
    %(sync_id)s
FROM staged_places AS places
WHERE places.is_mapped IS NOT TRUE AND EXISTS (
    SELECT FROM core.locations AS known
    WHERE known.client_id = places.client_id AND known.source = 'fms' AND known.account = places.account
        AND known.is_mapped
)
ON CONFLICT (source, stream, kind, subject) DO NOTHING;

INSERT INTO core.locations (client_id, source, account, external_id, name)
SELECT
    places.client_id,
    'fms',
    places.account,
    places.name AS external_id,
    places.name
FROM staged_places AS places
WHERE places.is_mapped IS NOT TRUE AND places.is_reported
ON CONFLICT (client_id, source, account, external_id) DO NOTHING;

UPDATE staged_places AS places
SET location_id = core.location_named(places.client_id, 'fms', places.account, places.name)
WHERE places.is_mapped IS NOT TRUE;

ANALYZE staged_places
