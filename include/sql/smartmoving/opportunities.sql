-- smartmoving.opportunities: one row an opportunity asked for by id. The branch has a name and no id (section 5.2):
-- it is matched by core.location_named, once a name, and what matches none is the client's unmapped location.
WITH names AS (
    SELECT DISTINCT
        client_id,
        source,
        account,
        coalesce(body #>> '{branch,name}', '') AS name
    FROM landed
),

places AS MATERIALIZED (
    SELECT
        names.client_id,
        names.account,
        names.name,
        core.location_named(names.client_id, names.source, names.account, names.name) AS location_id
    FROM names
)

SELECT
    landed.record_id,
    body ->> 'id' AS opportunity_id,
    places.location_id,
    body #>> '{customer,id}' AS customer_id,
    body ->> 'quoteNumber' AS quote_number,
    body #>> '{branch,name}' AS branch_name,
    body ->> 'status' AS status,
    body ->> 'leadStatus' AS lead_status,
    body ->> 'opportunityType' AS opportunity_type,
    body ->> 'type' AS service_type,
    core.as_day(body ->> 'serviceDate') AS service_date,
    body #>> '{moveSize,name}' AS move_size_name,
    body ->> 'volume' AS volume_cubic_feet,
    body ->> 'weight' AS weight_pounds,
    core.as_cents(body #>> '{estimatedTotal,subtotal}') AS subtotal_cents,
    core.as_cents(body #>> '{estimatedTotal,taxableAmount}') AS taxable_cents,
    core.as_cents(body #>> '{estimatedTotal,tax}') AS tax_cents,
    core.as_cents(body #>> '{estimatedTotal,finalTotal}') AS final_total_cents,
    body #>> '{salesAssignee,id}' AS sales_assignee_id,
    body #>> '{salesAssignee,name}' AS sales_assignee_name,
    body #>> '{estimator,name}' AS estimator_name,
    body ->> 'referralSource' AS referral_source,
    body #>> '{tariff,id}' AS tariff_id,
    body ->> 'cancellationReason' AS cancellation_reason,
    core.as_instant(body ->> 'createdAtUtc') AS created_at
FROM landed
LEFT JOIN places
    ON landed.client_id = places.client_id AND landed.account = places.account
    AND coalesce(body #>> '{branch,name}', '') = places.name
