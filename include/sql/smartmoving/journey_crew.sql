-- crm.journey_crew of SmartMoving: a row a crew member's name of a job that is a journey.
SELECT DISTINCT
    journeys.client_id,
    journeys.account,
    journeys.external_id,
    crew.crew_member,
    journeys.location_id,
    crew.observed_at,
    FALSE AS is_deleted
FROM smartmoving.job_crew AS crew
INNER JOIN crm.truck_journeys AS journeys USING (client_id, account, job_id)
WHERE crew.account = %(account)s AND crew.synced_at >= %(since)s
