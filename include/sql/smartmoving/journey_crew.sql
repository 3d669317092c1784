-- crm.journey_crew of SmartMoving: a row a crew member's name of a job that is a journey. A name that the job no longer
-- has is withdrawn, and with it what its bearer may see; the location follows the journey's.
SELECT
    journeys.client_id,
    journeys.account,
    journeys.external_id,
    crew.crew_member,
    journeys.location_id,
    max(crew.observed_at) AS observed_at,
    FALSE AS is_deleted
FROM smartmoving.job_crew AS crew
INNER JOIN crm.truck_journeys AS journeys USING (client_id, account, job_id)
WHERE crew.account = %(account)s AND NOT crew.is_deleted
    AND (crew.synced_at >= %(since)s OR journeys.synced_at >= %(since)s)
GROUP BY journeys.client_id, journeys.account, journeys.external_id, crew.crew_member, journeys.location_id
UNION ALL
SELECT
    known.client_id,
    known.account,
    known.external_id,
    known.crew_member,
    known.location_id,
    known.observed_at,
    TRUE AS is_deleted
FROM crm.journey_crew AS known
INNER JOIN crm.truck_journeys AS journeys USING (client_id, account, external_id)
WHERE known.account = %(account)s AND NOT known.is_deleted AND journeys.data_source = 'SMARTMOVING'
    AND NOT EXISTS (
        SELECT FROM smartmoving.job_crew AS crew
        WHERE crew.client_id = journeys.client_id AND crew.account = journeys.account
            AND crew.job_id = journeys.job_id AND crew.crew_member = known.crew_member AND NOT crew.is_deleted
    )
