-- Everything of today and tomorrow, by each branch's own calendar: its journeys that were not withdrawn, its jobs by
-- service date and the customers of the journeys, counted by branch; rows up to the limit, totals of all. As of the
-- newest complete sweep; where nothing is expected yet, of the newest successful one.
WITH branches AS (
    SELECT
        places.client_id, places.account, places.location_id, places.name, places.timezone, places.currency,
        (now() AT TIME ZONE places.timezone)::date AS today
    FROM core.locations AS places
    WHERE places.source = 'smartmoving' AND places.is_mapped
        AND (%(location)s::integer IS NULL OR places.location_id = %(location)s::integer)
),

journeys AS (
    SELECT
        journeys.client_id, journeys.external_id, journeys.location_id, branches.name AS location_name, journeys.date,
        journeys.date - branches.today AS days_ahead, journeys.status, journeys.start_time, journeys.end_time,
        journeys.estimated_cost_cents, journeys.currency, journeys.notes, journeys.tags, journeys.job_id,
        journeys.opportunity_id, journeys.customer_id, journeys.account, journeys.last_sync_at
    FROM crm.truck_journeys AS journeys
    INNER JOIN branches
        ON journeys.client_id = branches.client_id AND journeys.location_id = branches.location_id
    WHERE NOT journeys.is_deleted AND journeys.status <> 'CANCELLED'
        AND journeys.date BETWEEN branches.today AND branches.today + 1
),

jobs AS (
    SELECT
        jobs.client_id, jobs.account, jobs.job_id, jobs.job_number, jobs.opportunity_id, jobs.location_id,
        jobs.service_date, jobs.service_date - branches.today AS days_ahead, jobs.service_type, jobs.is_confirmed,
        jobs.arrival_window
    FROM smartmoving.opportunity_jobs AS jobs
    INNER JOIN branches ON jobs.client_id = branches.client_id AND jobs.location_id = branches.location_id
    WHERE NOT jobs.is_deleted AND jobs.service_date BETWEEN branches.today AND branches.today + 1
),

customers AS (
    SELECT
        customers.client_id, customers.account, customers.customer_id, customers.name, customers.phone_number,
        customers.email_address, customers.address
    FROM smartmoving.customers
    WHERE NOT customers.is_deleted AND (customers.client_id, customers.account, customers.customer_id) IN (
        SELECT journeys.client_id, journeys.account, journeys.customer_id FROM journeys
    )
),

counted AS (
    SELECT
        branches.*,
        coalesce(moving.journeys_today, 0) AS journeys_today,
        coalesce(moving.journeys_tomorrow, 0) AS journeys_tomorrow,
        coalesce(working.jobs_today, 0) AS jobs_today, coalesce(working.jobs_tomorrow, 0) AS jobs_tomorrow,
        coalesce(moving.customers, 0) AS customers
    FROM branches
    LEFT JOIN (
        SELECT
            client_id, location_id, count(*) FILTER (WHERE days_ahead = 0) AS journeys_today,
            count(*) FILTER (WHERE days_ahead = 1) AS journeys_tomorrow, count(DISTINCT customer_id) AS customers
        FROM journeys
        GROUP BY client_id, location_id
    ) AS moving USING (client_id, location_id)
    LEFT JOIN (
        SELECT
            client_id, location_id, count(*) FILTER (WHERE days_ahead = 0) AS jobs_today,
            count(*) FILTER (WHERE days_ahead = 1) AS jobs_tomorrow
        FROM jobs
        GROUP BY client_id, location_id
    ) AS working USING (client_id, location_id)
)

SELECT
    jsonb_build_object(
        'as_of', coalesce(
            (
                SELECT min(freshness.read_at) FROM ops.freshness
                WHERE freshness.source = 'smartmoving' AND freshness.stream = 'customers'
            ),
            (
                SELECT max(history.start_time) FROM ops.sync_history AS history
                WHERE history.crm_source = 'smartmoving' AND history.sync_type = 'customers'
                    AND history.status = 'success' AND core.is_routine(history.configuration)
            )
        ),
        'limit', %(most)s::integer,
        'totals', jsonb_build_object(
            'branches', (SELECT count(*) FROM branches),
            'customers', (SELECT count(*) FROM customers),
            'jobs', (SELECT count(*) FROM jobs),
            'journeys', (SELECT count(*) FROM journeys),
            'journeys_today', (SELECT count(*) FROM journeys WHERE days_ahead = 0),
            'journeys_tomorrow', (SELECT count(*) FROM journeys WHERE days_ahead = 1)
        ),
        'branches', (SELECT coalesce(jsonb_agg(counted ORDER BY counted.client_id, counted.name), '[]') FROM counted),
        'journeys', (
            SELECT coalesce(jsonb_agg(shown ORDER BY shown.date, shown.client_id, shown.external_id), '[]')
            FROM (SELECT * FROM journeys ORDER BY date, client_id, external_id LIMIT %(most)s) AS shown
        ),
        'jobs', (
            SELECT coalesce(jsonb_agg(shown ORDER BY shown.client_id, shown.account, shown.job_id), '[]')
            FROM (SELECT * FROM jobs ORDER BY client_id, account, job_id LIMIT %(most)s) AS shown
        ),
        'customers', (
            SELECT coalesce(jsonb_agg(shown ORDER BY shown.client_id, shown.account, shown.customer_id), '[]')
            FROM (SELECT * FROM customers ORDER BY client_id, account, customer_id LIMIT %(most)s) AS shown
        )
    )::text AS body
