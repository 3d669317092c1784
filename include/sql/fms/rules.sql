-- fms.rules: one row a make and rank of the operations workbook (section 6). A blank number is none.
SELECT
    landed.record_id,
    fms.as_text(body ->> 'make') AS make,
    CASE
        WHEN upper(fms.as_text(body ->> 'rank')) = 'PENDING' THEN 'Pending'
        ELSE upper(fms.as_text(body ->> 'rank'))
    END AS rank,
    fms.as_number(body ->> 'loan_cap_per_year') AS loan_cap_per_year,
    fms.as_text(body ->> 'publication_rate_requirement') AS publication_rate_requirement,
    fms.as_number(body ->> 'cooldown_period') AS cooldown_period,
    fms.as_text(body ->> 'soft_vs_hard_constraint') AS soft_vs_hard_constraint,
    core.as_text(body ->> 'rule_description') AS rule_description,
    core.as_text(body ->> 'notes') AS notes
FROM landed
