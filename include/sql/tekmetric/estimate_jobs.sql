-- tekmetric.estimate_jobs: one row a job of an estimate: what the public API does not send of it (section 2).
SELECT
    landed.record_id,
    root.tm_shop_id,
    root.location_id,
    root.tm_repair_order_id,
    job.value ->> 'id' AS tm_job_id,
    job.value #>> '{jobCategory,id}' AS job_category_id,
    core.as_text(job.value #>> '{jobCategory,name}') AS job_category_name,
    job.value ->> 'cannedJobId' AS canned_job_id,
    job.value ->> 'tax' AS tax,
    job.value ->> 'partsCost' AS parts_cost,
    job.value ->> 'subletPrice' AS sublet_total,
    job.value ->> 'subletCost' AS sublet_cost,
    job.value ->> 'grossProfitAmount' AS gross_profit_amount,
    nullif(job.value ->> 'grossProfitPercentage', 'NaN') AS gross_profit_fraction
FROM landed
INNER JOIN staged_estimates AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'jobs')) AS job (value)
