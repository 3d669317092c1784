-- jobs: what the shop API alone knows of them, as tekmetric.estimate_jobs has it. Category and template are what was
-- told last; money is that of the order's present version, null until the estimate is asked for again. No part of the
-- row's hash.
WITH touched AS (
    SELECT tm_shop_id, tm_id AS tm_repair_order_id FROM tekmetric.repair_orders
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT tm_shop_id, tm_repair_order_id FROM tekmetric.estimates
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT tm_shop_id, tm_repair_order_id FROM tekmetric.estimate_jobs
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
),

news AS (
    SELECT
        jobs.id,
        told.job_category_id,
        coalesce(told.job_category_name, jobs.job_category_name) AS job_category_name,
        told.canned_job_id,
        CASE WHEN NOT estimates.is_deleted THEN told.tax END AS tax,
        CASE WHEN NOT estimates.is_deleted THEN told.parts_cost END AS parts_cost,
        CASE WHEN NOT estimates.is_deleted THEN told.sublet_total END AS sublet_total,
        CASE WHEN NOT estimates.is_deleted THEN told.sublet_cost END AS sublet_cost,
        CASE WHEN NOT estimates.is_deleted THEN told.gross_profit_amount END AS gross_profit_amount,
        CASE WHEN NOT estimates.is_deleted THEN core.half_even(100 * told.gross_profit_fraction, 2) END
        AS gross_profit_percent
    FROM tekmetric.jobs
    LEFT JOIN tekmetric.estimate_jobs AS told ON jobs.id = told.job_id AND NOT told.is_deleted
    LEFT JOIN tekmetric.estimates ON jobs.repair_order_id = estimates.repair_order_id
    WHERE jobs.client_id = %(client)s AND jobs.account = %(account)s
        AND (jobs.tm_shop_id, jobs.tm_repair_order_id) IN (SELECT tm_shop_id, tm_repair_order_id FROM touched)
)

UPDATE tekmetric.jobs AS target SET
    job_category_id = news.job_category_id,
    job_category_name = news.job_category_name,
    canned_job_id = news.canned_job_id,
    tax = news.tax,
    parts_cost = news.parts_cost,
    sublet_total = news.sublet_total,
    sublet_cost = news.sublet_cost,
    gross_profit_amount = news.gross_profit_amount,
    gross_profit_percent = news.gross_profit_percent,
    synced_at = now(),
    sync_id = coalesce(%(sync_id)s, target.sync_id)
FROM news
WHERE target.id = news.id
    AND (
        target.job_category_id, target.job_category_name, target.canned_job_id, target.tax, target.parts_cost,
        target.sublet_total, target.sublet_cost, target.gross_profit_amount, target.gross_profit_percent
    ) IS DISTINCT FROM (
        news.job_category_id, news.job_category_name, news.canned_job_id, news.tax, news.parts_cost,
        news.sublet_total, news.sublet_cost, news.gross_profit_amount, news.gross_profit_percent
    )
