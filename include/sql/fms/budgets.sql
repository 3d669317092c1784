-- fms.budgets: one row an office, fleet and quarter of the budgets workbook (section 6). Money may carry $ and commas,
-- years too. A workbook without the column of what was used leaves that as it is.
SELECT
    landed.record_id,
    fms.as_text(body ->> 'office') AS office,
    sent.fleet,
    sent.year,
    sent.quarter,
    places.location_id,
    fms.as_cents(body ->> 'budget_amount') AS budget_amount_cents,
    CASE
        WHEN body ? 'amount_used' THEN fms.as_cents(body ->> 'amount_used')
        ELSE known.amount_used_cents::text
    END AS amount_used_cents
FROM landed
CROSS JOIN LATERAL (
    SELECT
        CASE upper(fms.as_text(body ->> 'fleet'))
            WHEN 'VW' THEN 'VOLKSWAGEN'
            WHEN 'CHEVY' THEN 'CHEVROLET'
            WHEN 'CHEV' THEN 'CHEVROLET'
            ELSE upper(fms.as_text(body ->> 'fleet'))
        END AS fleet,
        fms.as_number(body ->> 'year') AS year,
        upper(fms.as_text(body ->> 'quarter')) AS quarter
) AS sent
LEFT JOIN staged_places AS places
    ON landed.client_id = places.client_id AND places.name = fms.as_text(body ->> 'office')
LEFT JOIN fms.budgets AS known
    ON landed.client_id = known.client_id AND landed.account = known.account
    AND known.office = fms.as_text(body ->> 'office') AND known.fleet = sent.fleet
    AND known.year::text = sent.year AND known.quarter::text = sent.quarter
