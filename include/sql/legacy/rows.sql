-- The legacy rows as the history is to have them, read once, so that everything of a step looks at the same ones.
-- `reason` says why a row is left out; a word that nobody knows is never guessed. A row is told by the table's key,
-- without one by its word and its instant. A timestamp without a zone is UTC. The clock, and not the transaction's
-- begin, says what lies in the future: the step may have waited for a lock. The one instant that a row has is the end
-- of its sync, and the estimate of the start.
CREATE TEMPORARY TABLE legacy_rows ON COMMIT DROP AS
WITH sent AS (
    SELECT
        sync_type::text AS legacy_type,
{% if is_naive %}
        last_synced_at AT TIME ZONE 'UTC' AS synced_at,
{% else %}
        last_synced_at AS synced_at,
{% endif %}
{% if keys %}
        concat_ws('/', {% for key in keys %}{{ key | ident }}::text{{ ', ' if not loop.last }}{% endfor %}) AS legacy_id
{% else %}
        concat_ws(
            '/', sync_type, last_synced_at, row_number() OVER (PARTITION BY sync_type::text, last_synced_at)
        ) AS legacy_id
{% endif %}
    FROM {{ table | ident }}
),

spelt AS (
    SELECT
        sent.*,
        count(*) OVER (PARTITION BY legacy_id) AS namesakes,
        %(words)s::jsonb ->> regexp_replace(
            regexp_replace(regexp_replace(lower(legacy_type), '^\s+|\s+$', '', 'g'), '[\s_-]+', '_', 'g'), '_sync$', ''
        ) AS stream
    FROM sent
)

SELECT
    legacy_type,
    %(client)s::text AS client_id,
    stream AS sync_type,
    'success' AS status,
    synced_at AS start_time,
    synced_at AS end_time,
    jsonb_build_object(
        'migrated_from', %(table)s::text,
        'legacy_id', legacy_id,
        'legacy_sync_type', legacy_type,
        'estimated', jsonb_build_array('start_time')
    ) AS configuration,
    %(table)s::text || '/' || legacy_id AS run_id,
    CASE
        WHEN synced_at IS NULL THEN 'never synced'
        WHEN namesakes > 1 THEN 'several rows with its key'
        WHEN stream IS NULL THEN 'unknown sync_type'
        WHEN NOT isfinite(synced_at) THEN 'no date'
        WHEN synced_at > clock_timestamp() THEN 'in the future'
    END AS reason
FROM spelt
