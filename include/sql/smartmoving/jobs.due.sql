-- The jobs list of an opportunity tells when its jobs began and ended. Before they are worked it has nothing but nulls
-- (section 5.3), so it is asked for once the last service day has ended, and again when a job changed after that.
-- A run of only_days (a backfill's) asks for what has a job on its days and leaves the rest to the scheduled runs.
WITH swept AS (
    SELECT
        jobs.opportunity_id,
        max(jobs.synced_at) AS changed_at,
        min(jobs.service_date) AS first_day,
        max(jobs.service_date) AS last_day,
        max(coalesce(locations.timezone, %(zone)s)) AS timezone
    FROM smartmoving.swept_jobs AS jobs
    INNER JOIN smartmoving.swept_opportunities AS opportunities USING (client_id, account, opportunity_id)
    LEFT JOIN smartmoving.opportunities AS detail
        ON opportunities.client_id = detail.client_id AND opportunities.account = detail.account
        AND opportunities.opportunity_id = detail.opportunity_id
    LEFT JOIN core.locations
        ON coalesce(opportunities.location_id, detail.location_id) = locations.location_id
    WHERE jobs.account = %(account)s AND NOT jobs.is_deleted AND opportunities.status IN (
        SELECT code FROM crm.journey_statuses WHERE source = 'smartmoving' AND makes_journey
    )
    GROUP BY jobs.opportunity_id
),

reasons AS (
    SELECT
        swept.opportunity_id AS record_key,
        swept.first_day,
        swept.last_day,
        swept.timezone,
        CASE
            WHEN lookup.record_key IS NULL THEN 'new'
            WHEN swept.changed_at > lookup.asked_at THEN 'changed'
            WHEN lookup.asked_at < (swept.last_day + 1)::timestamp AT TIME ZONE swept.timezone THEN 'ended'
        END AS reason
    FROM swept
    LEFT JOIN ops.lookups AS lookup
        ON lookup.source = 'smartmoving' AND lookup.account = %(account)s AND lookup.stream = 'jobs'
        AND swept.opportunity_id = lookup.record_key AND lookup.asked_at < now() + interval '1 day'
)

SELECT record_key, reason, first_day FROM reasons
WHERE reason IS NOT NULL AND (last_day + 1)::timestamp AT TIME ZONE timezone <= %(now)s
    AND (
        NOT %(only_days)s
        OR record_key IN (
            SELECT opportunity_id FROM smartmoving.swept_jobs
            WHERE account = %(account)s AND service_date BETWEEN %(first_day)s AND %(last_day)s
        )
    )
ORDER BY first_day, record_key
