-- smartmoving.lead_statuses: one row a pipeline label (section 6: never an outcome).
SELECT
    landed.record_id,
    body ->> 'id' AS lead_status_id,
    body ->> 'name' AS name
FROM landed
