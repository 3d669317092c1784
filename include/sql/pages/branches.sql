-- A row a place and day of the last %(days)s, days in the place's own time; the worst slice of the day is its state. A
-- place that was read and had nothing is silent where its other days have something: an empty answer is no error, and
-- nothing else would tell.
WITH places AS (
    SELECT location_id, client_id, source, account, name, coalesce(timezone, 'UTC') AS timezone
    FROM core.locations
    WHERE is_mapped AND (%(source)s::text IS NULL OR source = %(source)s)
        AND (%(search)s::text IS NULL OR name ILIKE '%%' || %(search)s || '%%')
),

recent AS MATERIALIZED (
    SELECT sync_id, start_time, dag_id, run_id
    FROM ops.sync_history
    WHERE start_time > now() - make_interval(days => %(days)s + 1)
        AND (%(source)s::text IS NULL OR crm_source = %(source)s)
),

slices AS (
    SELECT
        slices.location_id,
        (recent.start_time AT TIME ZONE places.timezone)::date AS day,
        slices.records,
        slices.sync_id,
        CASE
            WHEN slices.state = 'failed' THEN 1
            WHEN slices.verdict = 'short' THEN 2
            WHEN slices.state = 'deferred' THEN 3
            WHEN slices.state IN ('planned', 'running', 'done') THEN 4
            ELSE 5
        END AS rank
    FROM recent
    INNER JOIN ops.sync_slices AS slices USING (sync_id)
    INNER JOIN places USING (location_id)
    -- says nothing new, and lets the older slices lie
    WHERE slices.sync_id >= (SELECT min(bound.sync_id) FROM recent AS bound)
),

days AS (
    SELECT
        location_id,
        day,
        min(rank) AS rank,
        sum(records)::bigint AS records,
        count(*) AS slices,
        -- of the worst the newest: its run is what the cell leads to
        max(sync_id) FILTER (WHERE rank = 1) AS failed_sync,
        max(sync_id) FILTER (WHERE rank = 2) AS short_sync,
        max(sync_id) AS newest_sync
    FROM slices
    GROUP BY location_id, day
),

usual AS (
    SELECT location_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY records) AS records
    FROM days
    GROUP BY location_id
)

SELECT
    places.location_id,
    places.source,
    places.name,
    calendar.day::date AS day,
    days.records,
    run.dag_id,
    run.run_id,
    CASE
        WHEN days.day IS NULL THEN 'not read'
        WHEN days.rank = 1 THEN 'failed'
        WHEN days.rank = 2 THEN 'short'
        WHEN days.rank = 3 THEN 'deferred'
        WHEN days.rank = 4 THEN 'being read'
        WHEN days.records = 0 AND usual.records > 0 THEN 'silent'
        ELSE 'read'
    END AS state
FROM places
INNER JOIN usual USING (location_id)
CROSS JOIN generate_series(
    (now() AT TIME ZONE 'UTC')::date - (%(days)s - 1), (now() AT TIME ZONE 'UTC')::date, interval '1 day'
) AS calendar (day)
LEFT JOIN days ON places.location_id = days.location_id AND calendar.day::date = days.day
LEFT JOIN recent AS run ON coalesce(days.failed_sync, days.short_sync, days.newest_sync) = run.sync_id
ORDER BY places.source, places.name, places.location_id, calendar.day
