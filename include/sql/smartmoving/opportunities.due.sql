-- Opportunities to ask for by id, the most wanted first: new in the sweep, changed since they were asked for, with a
-- service day that has ended since (unless it was closed, cancelled or lost by then), or gone from a complete window.
-- Refreshes by age come last, as far as the budget goes: an open opportunity that nobody asked about for a week.
-- A run of only_days (a backfill's) asks for what has a job on its days and leaves the rest to the scheduled runs.
WITH swept AS (
    SELECT
        opportunities.opportunity_id,
        greatest(max(opportunities.synced_at), max(jobs.synced_at)) AS changed_at,
        max(jobs.service_date) AS last_day,
        min(jobs.service_date) AS first_day,
        min(opportunities.status) AS status,
        max(coalesce(locations.timezone, %(zone)s)) AS timezone
    FROM smartmoving.swept_opportunities AS opportunities
    INNER JOIN smartmoving.swept_jobs AS jobs USING (client_id, account, opportunity_id)
    LEFT JOIN smartmoving.opportunities AS detail
        ON opportunities.client_id = detail.client_id AND opportunities.account = detail.account
        AND opportunities.opportunity_id = detail.opportunity_id
    LEFT JOIN core.locations
        ON coalesce(opportunities.location_id, detail.location_id) = locations.location_id
    WHERE opportunities.account = %(account)s AND NOT opportunities.is_deleted AND NOT jobs.is_deleted
    GROUP BY opportunities.opportunity_id
),

reasons AS (
    SELECT
        swept.opportunity_id AS record_key,
        CASE
            WHEN lookup.record_key IS NULL THEN 'new'
            WHEN lookup.wanted IS NOT NULL THEN lookup.wanted
            WHEN swept.changed_at > lookup.asked_at THEN 'changed'
            WHEN
                swept.status NOT IN (11, 20, 30, 50)
                AND (swept.last_day + 1)::timestamp AT TIME ZONE swept.timezone <= %(now)s
                AND lookup.asked_at < (swept.last_day + 1)::timestamp AT TIME ZONE swept.timezone THEN 'ended'
            WHEN
                lookup.was_found AND lookup.asked_at < %(now)s - interval '7 days'
                AND swept.last_day >= (%(now)s AT TIME ZONE swept.timezone)::date THEN 'aged'
        END AS reason,
        swept.first_day
    FROM swept
    LEFT JOIN ops.lookups AS lookup
        ON lookup.source = 'smartmoving' AND lookup.account = %(account)s AND lookup.stream = 'opportunities'
        AND swept.opportunity_id = lookup.record_key
        -- an answer of the future is no answer: a clock was wrong (T64)
        AND lookup.asked_at < now() + interval '1 day'
)

SELECT record_key, reason, first_day FROM reasons
WHERE reason IS NOT NULL AND (
    (reason IN ('missing', 'ended', 'aged') AND NOT %(only_days)s)
    OR record_key IN (
        SELECT opportunity_id FROM smartmoving.swept_jobs
        WHERE account = %(account)s AND service_date BETWEEN %(first_day)s AND %(last_day)s
    )
)
UNION ALL
SELECT lookup.record_key, lookup.wanted, NULL
FROM ops.lookups AS lookup
WHERE lookup.source = 'smartmoving' AND lookup.account = %(account)s AND lookup.stream = 'opportunities'
    AND lookup.wanted IS NOT NULL
    AND (
        NOT %(only_days)s
        OR lookup.record_key IN (
            SELECT opportunity_id FROM smartmoving.opportunity_jobs
            WHERE account = %(account)s AND service_date BETWEEN %(first_day)s AND %(last_day)s
        )
    )
    AND NOT EXISTS (SELECT FROM swept WHERE swept.opportunity_id = lookup.record_key)
ORDER BY first_day, record_key
