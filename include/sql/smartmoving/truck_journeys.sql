-- crm.truck_journeys of SmartMoving: one a job, from the sweep and, as soon as it is fetched, the detail. Where both
-- know a thing, the one that changed last is right: an unchanged row keeps the time at which its version was fetched.
-- Only what changed since the last derivation is looked at, and active journeys whose job is gone.
WITH touched AS (
    SELECT job_id FROM smartmoving.swept_jobs
    WHERE account = %(account)s AND (
        synced_at >= %(since)s
        OR opportunity_id IN (
            SELECT opportunity_id FROM smartmoving.swept_opportunities
            WHERE account = %(account)s AND synced_at >= %(since)s
        )
        OR opportunity_id IN (
            SELECT opportunity_id FROM smartmoving.opportunities
            WHERE account = %(account)s AND synced_at >= %(since)s
        )
        OR customer_id IN (
            SELECT customer_id FROM smartmoving.customers WHERE account = %(account)s AND synced_at >= %(since)s
        )
        OR service_type IN (
            SELECT service_type FROM smartmoving.service_types WHERE account = %(account)s AND synced_at >= %(since)s
        )
    )
    UNION
    SELECT job_id FROM smartmoving.opportunity_jobs WHERE account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT job_id FROM smartmoving.jobs WHERE account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT journeys.job_id
    FROM crm.truck_journeys AS journeys
    WHERE journeys.account = %(account)s AND journeys.data_source = 'SMARTMOVING' AND journeys.status <> 'CANCELLED'
        AND NOT EXISTS (
            SELECT FROM smartmoving.swept_jobs AS jobs
            WHERE jobs.client_id = journeys.client_id AND jobs.account = journeys.account
                AND jobs.job_id = journeys.job_id AND NOT jobs.is_deleted
        )
        AND NOT EXISTS (
            SELECT FROM smartmoving.opportunity_jobs AS jobs
            WHERE jobs.client_id = journeys.client_id AND jobs.account = journeys.account
                AND jobs.job_id = journeys.job_id AND NOT jobs.is_deleted
        )
),

facts AS (
    SELECT
        touched.job_id,
        coalesce(detail_job.job_number, swept_job.job_number) AS job_number,
        coalesce(detail_job.opportunity_id, swept_job.opportunity_id) AS opportunity_id,
        coalesce(swept_job.customer_id, detail.customer_id) AS customer_id,
        coalesce(detail.location_id, swept_job.location_id) AS location_id,
        CASE
            WHEN detail_job.observed_at >= coalesce(swept_job.observed_at, '-infinity') THEN detail_job.service_date
            ELSE coalesce(swept_job.service_date, detail_job.service_date)
        END AS service_date,
        CASE
            WHEN detail_job.observed_at >= coalesce(swept_job.observed_at, '-infinity') THEN detail_job.service_type
            ELSE coalesce(swept_job.service_type, detail_job.service_type)
        END AS service_type,
        CASE
            WHEN detail.observed_at >= coalesce(swept.observed_at, '-infinity') THEN detail.status
            ELSE coalesce(swept.status, detail.status)
        END AS status_code,
        detail.branch_name,
        detail.final_total_cents,
        detail.opportunity_id IS NOT NULL AND NOT detail.is_deleted AS has_detail,
        swept_job.job_id IS NULL AND detail_job.job_id IS NULL AS is_gone,
        coalesce(detail_job.extra, swept_job.extra) AS external_data,
        times.start_at,
        times.end_at,
        times.completed_at,
        greatest(
            swept_job.observed_at, swept.observed_at, detail.observed_at, detail_job.observed_at, times.observed_at
        ) AS observed_at
    FROM touched
    LEFT JOIN smartmoving.swept_jobs AS swept_job
        ON swept_job.account = %(account)s AND touched.job_id = swept_job.job_id AND NOT swept_job.is_deleted
    LEFT JOIN smartmoving.opportunity_jobs AS detail_job
        ON detail_job.account = %(account)s AND touched.job_id = detail_job.job_id AND NOT detail_job.is_deleted
    LEFT JOIN smartmoving.jobs AS times
        ON times.account = %(account)s AND touched.job_id = times.job_id AND NOT times.is_deleted
    LEFT JOIN smartmoving.swept_opportunities AS swept
        ON swept.account = %(account)s AND swept_job.opportunity_id = swept.opportunity_id
    LEFT JOIN smartmoving.opportunities AS detail
        ON detail.account = %(account)s
        AND coalesce(swept_job.opportunity_id, detail_job.opportunity_id) = detail.opportunity_id
),

-- The name of a journey is its job's number; where another job has that name already (a number that was given twice),
-- the job's id follows. A name once given stays.
named AS (
    SELECT
        facts.*,
        coalesce(
            existing.external_id,
            fresh.name || CASE
                WHEN taken.external_id IS NOT NULL OR row_number() OVER (
                    PARTITION BY fresh.name, existing.external_id ORDER BY facts.observed_at, facts.job_id
                ) > 1 THEN '_' || facts.job_id
                ELSE ''
            END
        ) AS external_id
    FROM facts
    CROSS JOIN LATERAL (
        SELECT
            'sm_job_' || CASE WHEN %(account)s::text <> 'smartmoving' THEN %(account)s::text || '_' ELSE '' END
            || coalesce(facts.job_number, facts.job_id) AS name
    ) AS fresh
    LEFT JOIN crm.truck_journeys AS existing
        ON existing.client_id = %(client)s AND existing.account = %(account)s AND facts.job_id = existing.job_id
    LEFT JOIN crm.truck_journeys AS taken
        ON taken.client_id = %(client)s AND fresh.name = taken.external_id
    WHERE NOT facts.is_gone OR existing.external_id IS NOT NULL
)

-- A journey that is withdrawn keeps what was known of it.
SELECT
    %(client)s::text AS client_id,
    %(account)s::text AS account,
    facts.external_id,
    locations.location_id,
    coalesce(facts.service_date, existing.date) AS date,
    CASE
        WHEN facts.is_gone THEN 'CANCELLED'
        WHEN statuses.status = 'MORNING_PREP' AND (facts.completed_at IS NOT NULL OR facts.end_at IS NOT NULL)
            THEN 'COMPLETED'
        WHEN statuses.status = 'MORNING_PREP' AND facts.start_at IS NOT NULL THEN 'ONSITE'
        ELSE statuses.status
    END AS status,
    facts.start_at AS start_time,
    coalesce(facts.end_at, facts.completed_at) AS end_time,
    CASE WHEN facts.is_gone THEN existing.estimated_cost_cents ELSE facts.final_total_cents END AS estimated_cost_cents,
    locations.currency,
    CASE
        WHEN facts.is_gone THEN existing.notes
        ELSE 'SmartMoving Job #' || coalesce(facts.job_number, facts.job_id) || ' - '
            || coalesce(customers.name, 'customer unknown') || ' - ' || coalesce(branch.name, 'branch not known yet')
    END AS notes,
    CASE
        WHEN facts.is_gone THEN existing.tags
        ELSE array_remove(ARRAY[trim(BOTH FROM types.name), 'SmartMoving', branch.name], NULL)
    END AS tags,
    'SMARTMOVING' AS data_source,
    CASE
        WHEN facts.is_gone THEN existing.sync_status
        WHEN facts.has_detail THEN 'SYNCED'
        ELSE 'PENDING'
    END AS sync_status,
    facts.job_id,
    coalesce(facts.opportunity_id, existing.opportunity_id) AS opportunity_id,
    coalesce(facts.customer_id, existing.customer_id) AS customer_id,
    coalesce(facts.external_data, existing.external_data) AS external_data,
    coalesce(facts.observed_at, existing.observed_at) AS observed_at,
    facts.is_gone AS is_deleted
FROM named AS facts
LEFT JOIN crm.truck_journeys AS existing
    ON existing.client_id = %(client)s AND existing.account = %(account)s AND facts.job_id = existing.job_id
LEFT JOIN core.locations AS unmapped
    ON unmapped.source = 'smartmoving' AND unmapped.account = %(account)s AND NOT unmapped.is_mapped
LEFT JOIN core.locations
    ON locations.location_id = coalesce(facts.location_id, existing.location_id, unmapped.location_id)
LEFT JOIN crm.journey_statuses AS statuses ON statuses.source = 'smartmoving' AND facts.status_code = statuses.code
LEFT JOIN smartmoving.customers
    ON customers.client_id = %(client)s AND customers.account = %(account)s
    AND facts.customer_id = customers.customer_id
LEFT JOIN smartmoving.service_types AS types
    ON types.client_id = %(client)s AND types.account = %(account)s AND facts.service_type = types.service_type
CROSS JOIN LATERAL (
    SELECT trim(BOTH FROM coalesce(facts.branch_name, CASE WHEN locations.is_mapped THEN locations.name END)) AS name
) AS branch
-- A status that nobody declared makes no journey and changes none.
WHERE (existing.job_id IS NOT NULL AND (facts.is_gone OR statuses.code IS NOT NULL))
    OR (statuses.makes_journey AND NOT facts.is_gone AND facts.service_date IS NOT NULL)
