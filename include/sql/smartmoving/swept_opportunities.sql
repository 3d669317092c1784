-- smartmoving.swept_opportunities: one row an opportunity of a swept customer. It carries no branch (section 11.1):
-- the location is the slice's where the vendor honours BranchId, else only the detail knows it.
SELECT
    landed.record_id,
    opportunity.value ->> 'id' AS opportunity_id,
    body ->> 'id' AS customer_id,
    opportunity.value ->> 'quoteNumber' AS quote_number,
    opportunity.value ->> 'status' AS status,
    ARRAY(
        SELECT job.value ->> 'id'
        FROM jsonb_array_elements(core.elements(opportunity.value -> 'jobs')) AS job (value)
        ORDER BY 1
    ) AS job_ids,
    landed.location_id
FROM landed
CROSS JOIN jsonb_array_elements(core.elements(body -> 'opportunities')) AS opportunity (value)
