-- A row a place and day of the last %(days)s, days in the place's own time; the worst slice of the day is its state. A
-- place that was read and had nothing is silent where it usually has something: an empty answer is no error, and
-- nothing else would tell. Where the vendor gives all branches in one list (SmartMoving ignores its filter by branch,
-- section 11.1; Arrivy's tasks), the list's slices say whether it was read, and the branch's own rows of the day how
-- much of it was the branch's.
WITH places AS (
    SELECT location_id, client_id, source, account, name, coalesce(timezone, 'UTC') AS timezone
    FROM core.locations
    WHERE is_mapped AND (%(source)s::text IS NULL OR source = %(source)s)
        AND (%(search)s::text IS NULL OR name ILIKE '%%' || %(search)s || '%%')
),

zones AS (SELECT DISTINCT client_id, source, account, timezone FROM places),

begun AS (
    SELECT accounts.source, accounts.account, first.start_time
    FROM (SELECT DISTINCT source, account FROM zones) AS accounts
    CROSS JOIN LATERAL (
        SELECT history.start_time
        FROM ops.sync_history AS history
        WHERE history.crm_source = accounts.source AND history.account = accounts.account
        ORDER BY history.sync_id
        LIMIT 1
    ) AS first
),

recent AS MATERIALIZED (
    SELECT sync_id, start_time, dag_id, run_id
    FROM ops.sync_history
    WHERE start_time > now() - make_interval(days => %(days)s + 1)
        AND (%(source)s::text IS NULL OR crm_source = %(source)s)
),

slices AS MATERIALIZED (
    SELECT
        slices.client_id,
        slices.source,
        slices.account,
        slices.location_id,
        recent.start_time,
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
    -- says nothing new, and lets the older slices lie
    WHERE slices.sync_id >= (SELECT min(bound.sync_id) FROM recent AS bound)
        -- a list of words that failed, or a past day that waits, is no branch's trouble
        AND (slices.location_id IS NOT NULL OR slices.priority NOT IN ('reference', 'backfill'))
),

by_place AS (
    SELECT
        places.location_id,
        (slices.start_time AT TIME ZONE places.timezone)::date AS day,
        min(slices.rank) AS rank,
        sum(slices.records)::bigint AS records,
        -- of the worst the newest: its run is what the cell leads to
        max(slices.sync_id) FILTER (WHERE slices.rank = 1) AS failed_sync,
        max(slices.sync_id) FILTER (WHERE slices.rank = 2) AS short_sync,
        max(slices.sync_id) AS newest_sync
    FROM slices
    INNER JOIN places USING (location_id)
    GROUP BY places.location_id, day
),

of_lists AS (
    SELECT
        zones.client_id,
        zones.source,
        zones.account,
        zones.timezone,
        (slices.start_time AT TIME ZONE zones.timezone)::date AS day,
        min(slices.rank) AS rank,
        max(slices.sync_id) FILTER (WHERE slices.rank = 1) AS failed_sync,
        max(slices.sync_id) FILTER (WHERE slices.rank = 2) AS short_sync,
        max(slices.sync_id) AS newest_sync
    FROM slices
    INNER JOIN zones USING (client_id, source, account)
    WHERE slices.location_id IS NULL
    GROUP BY zones.client_id, zones.source, zones.account, zones.timezone, day
),

counted AS (
    SELECT location_id, date AS day, count(*) AS records
    FROM crm.truck_journeys
    WHERE NOT is_deleted AND date > current_date - 2 * %(days)s AND date <= current_date + 1
    GROUP BY location_id, date
    UNION ALL
    SELECT location_id, business_date, count(*)
    FROM arrivy.tasks
    WHERE NOT is_deleted AND business_date > current_date - 2 * %(days)s AND business_date <= current_date + 1
    GROUP BY location_id, business_date
),

days AS (
    SELECT by_place.*, FALSE AS is_counted FROM by_place
    UNION ALL
    SELECT
        places.location_id,
        of_lists.day,
        of_lists.rank,
        -- of FMS nothing says which day a row is of
        CASE WHEN places.source <> 'fms' THEN coalesce(counted.records, 0) END,
        of_lists.failed_sync,
        of_lists.short_sync,
        of_lists.newest_sync,
        TRUE
    FROM places
    INNER JOIN of_lists USING (client_id, source, account, timezone)
    LEFT JOIN counted ON places.location_id = counted.location_id AND of_lists.day = counted.day
    WHERE NOT EXISTS (SELECT FROM by_place AS own WHERE own.location_id = places.location_id)
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
        WHEN days.day IS NULL AND calendar.day < date_trunc('day', begun.start_time AT TIME ZONE places.timezone)
            THEN 'not yet'
        WHEN days.day IS NULL THEN 'not read'
        WHEN days.rank = 1 THEN 'failed'
        WHEN days.rank = 2 THEN 'short'
        WHEN days.rank = 3 THEN 'deferred'
        WHEN days.rank = 4 THEN 'being read'
        WHEN days.records = 0 AND CASE
            -- a branch that is closed on Sundays had nothing a week before either
            WHEN days.is_counted THEN EXISTS (
                SELECT FROM counted
                WHERE counted.location_id = places.location_id AND counted.day = calendar.day::date - 7
            )
            ELSE usual.records > 0
        END THEN 'silent'
        ELSE 'read'
    END AS state
FROM places
INNER JOIN usual USING (location_id)
INNER JOIN begun USING (source, account)
CROSS JOIN generate_series(
    (now() AT TIME ZONE 'UTC')::date - (%(days)s - 1), (now() AT TIME ZONE 'UTC')::date, interval '1 day'
) AS calendar (day)
LEFT JOIN days ON places.location_id = days.location_id AND calendar.day::date = days.day
LEFT JOIN recent AS run ON coalesce(days.failed_sync, days.short_sync, days.newest_sync) = run.sync_id
ORDER BY places.source, places.name, places.location_id, calendar.day
