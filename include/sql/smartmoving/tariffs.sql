-- smartmoving.tariffs: one row a tariff, with what it applies to as arrays (section 5.6).
SELECT
    landed.record_id,
    body ->> 'id' AS tariff_id,
    body ->> 'name' AS name,
    body ->> 'isEnabled' AS is_enabled,
    (
        SELECT array_agg(branch ->> 'branchId' ORDER BY branch ->> 'branchId')
        FROM jsonb_array_elements(core.elements(body -> 'appliesToBranches')) AS branch
    )::text AS branch_ids,
    (
        SELECT array_agg(code ORDER BY code)
        FROM jsonb_array_elements_text(core.elements(body -> 'appliesToOpportunityTypes')) AS code
    )::text AS opportunity_types
FROM landed
