-- repair_orders: what follows from an order's lines, from the vendor's own profit and estimate and from the shop's time
-- zone. None of it is part of the row's hash: a sync neither sets nor clears it, but for the two days, which a sync
-- sets by the zone of that moment. Only authorized = true counts as authorized; revenue is without taxes and net of
-- discounts. Fees and discounts of the order itself count as authorized where any of its jobs or sublets is.
WITH zoned AS (
    -- a zone that somebody set or changed: the days of all the shop's orders follow
    UPDATE tekmetric.shops AS target SET timezone = locations.timezone
    FROM core.locations
    WHERE target.client_id = %(client)s AND target.account = %(account)s
        AND locations.client_id = target.client_id AND locations.source = 'tekmetric'
        AND locations.account = target.account AND locations.external_id = target.tm_id::text
        AND locations.timezone IS DISTINCT FROM target.timezone
    RETURNING target.tm_id
),

touched AS (
    SELECT tm_shop_id, tm_id AS tm_repair_order_id FROM tekmetric.repair_orders
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT tm_shop_id, tm_id FROM tekmetric.repair_orders
    WHERE client_id = %(client)s AND account = %(account)s AND tm_shop_id IN (SELECT tm_id FROM zoned)
    UNION
    SELECT tm_shop_id, tm_repair_order_id FROM tekmetric.profits
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT tm_shop_id, tm_repair_order_id FROM tekmetric.estimates
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT tm_shop_id, tm_repair_order_id FROM tekmetric.jobs
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT tm_shop_id, tm_repair_order_id FROM tekmetric.job_parts
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT tm_shop_id, tm_repair_order_id FROM tekmetric.job_labor
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT tm_shop_id, tm_repair_order_id FROM tekmetric.job_fees
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT tm_shop_id, tm_repair_order_id FROM tekmetric.job_discounts
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT tm_shop_id, tm_repair_order_id FROM tekmetric.job_sublets
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    -- fees and discounts of the order itself: a change of one is a change of the order (sync_hash)
),

answers AS (
    SELECT tm_shop_id, tm_repair_order_id, tm_id AS tm_job_id, coalesce(authorized, FALSE) AS is_authorized
    FROM tekmetric.jobs
    INNER JOIN touched USING (tm_shop_id, tm_repair_order_id)
    WHERE client_id = %(client)s AND account = %(account)s
),

sublets AS (
    SELECT tm_shop_id, tm_repair_order_id, coalesce(authorized, FALSE) AS is_authorized, retail
    FROM tekmetric.job_sublets
    INNER JOIN touched USING (tm_shop_id, tm_repair_order_id)
    WHERE client_id = %(client)s AND account = %(account)s
),

work AS (
    SELECT tm_shop_id, tm_repair_order_id, bool_or(is_authorized) AS is_authorized
    FROM (
        SELECT tm_shop_id, tm_repair_order_id, is_authorized FROM answers
        UNION ALL
        SELECT tm_shop_id, tm_repair_order_id, is_authorized FROM sublets
    ) AS every
    GROUP BY tm_shop_id, tm_repair_order_id
),

lines AS (
    SELECT tm_shop_id, tm_repair_order_id, is_authorized, 'job' AS kind, NULL::bigint AS cents, NULL::numeric AS hours
    FROM answers
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, is_authorized, 'sublet', retail, NULL FROM sublets
    UNION ALL
    SELECT tm_shop_id, answers.tm_repair_order_id, is_authorized, 'part', total, NULL
    FROM tekmetric.job_parts
    INNER JOIN answers USING (tm_shop_id, tm_job_id)
    WHERE client_id = %(client)s AND account = %(account)s
    UNION ALL
    SELECT tm_shop_id, answers.tm_repair_order_id, is_authorized, 'labor', total, hours
    FROM tekmetric.job_labor
    INNER JOIN answers USING (tm_shop_id, tm_job_id)
    WHERE client_id = %(client)s AND account = %(account)s
    UNION ALL
    SELECT tm_shop_id, answers.tm_repair_order_id, is_authorized, 'fee', total, NULL
    FROM tekmetric.job_fees
    INNER JOIN answers USING (tm_shop_id, tm_job_id)
    WHERE client_id = %(client)s AND account = %(account)s
    UNION ALL
    SELECT tm_shop_id, answers.tm_repair_order_id, is_authorized, 'discount', total, NULL
    FROM tekmetric.job_discounts
    INNER JOIN answers USING (tm_shop_id, tm_job_id)
    WHERE client_id = %(client)s AND account = %(account)s
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, coalesce(work.is_authorized, FALSE), 'fee', total, NULL
    FROM tekmetric.ro_fees
    INNER JOIN touched USING (tm_shop_id, tm_repair_order_id)
    LEFT JOIN work USING (tm_shop_id, tm_repair_order_id)
    WHERE client_id = %(client)s AND account = %(account)s
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, coalesce(work.is_authorized, FALSE), 'discount', total, NULL
    FROM tekmetric.ro_discounts
    INNER JOIN touched USING (tm_shop_id, tm_repair_order_id)
    LEFT JOIN work USING (tm_shop_id, tm_repair_order_id)
    WHERE client_id = %(client)s AND account = %(account)s
),

sums AS (
    SELECT
        tm_shop_id,
        tm_repair_order_id,
        coalesce(bool_or(is_authorized), FALSE) AS is_authorized,
        count(*) FILTER (WHERE kind = 'job') AS jobs,
        coalesce(sum(cents) FILTER (WHERE kind = 'part'), 0)::bigint AS parts,
        coalesce(sum(cents) FILTER (WHERE kind = 'labor'), 0)::bigint AS labor,
        coalesce(sum(cents) FILTER (WHERE kind = 'sublet'), 0)::bigint AS sublets,
        coalesce(sum(cents) FILTER (WHERE kind = 'fee'), 0)::bigint AS fees,
        coalesce(sum(cents) FILTER (WHERE kind = 'discount'), 0)::bigint AS discounts,
        count(*) FILTER (WHERE is_authorized AND kind = 'job') AS sold_jobs,
        coalesce(sum(cents) FILTER (WHERE is_authorized AND kind = 'part'), 0)::bigint AS sold_parts,
        coalesce(sum(cents) FILTER (WHERE is_authorized AND kind = 'labor'), 0)::bigint AS sold_labor,
        coalesce(sum(cents) FILTER (WHERE is_authorized AND kind = 'sublet'), 0)::bigint AS sold_sublets,
        coalesce(sum(cents) FILTER (WHERE is_authorized AND kind = 'fee'), 0)::bigint AS sold_fees,
        coalesce(sum(cents) FILTER (WHERE is_authorized AND kind = 'discount'), 0)::bigint AS sold_discounts,
        coalesce(sum(hours) FILTER (WHERE is_authorized), 0) AS sold_hours
    FROM touched
    LEFT JOIN lines USING (tm_shop_id, tm_repair_order_id)
    GROUP BY tm_shop_id, tm_repair_order_id
),

news AS (
    SELECT
        orders.client_id,
        orders.account,
        tekmetric.local_day(orders.posted_at, locations.timezone) AS posted_date,
        tekmetric.local_day(orders.completed_at, locations.timezone) AS completed_date,
        CASE WHEN sums.is_authorized THEN orders.taxes ELSE 0 END AS authorized_tax,
        profits.authorized_revenue,
        profits.authorized_cost,
        profits.authorized_profit,
        core.half_even(100 * profits.authorized_margin, 2) AS authorized_gp_percent,
        estimates.balance_due,
        estimates.shop_supplies_total,
        estimates.epa_total,
        estimates.tax AS potential_tax,
        sums.*
    FROM sums
    INNER JOIN tekmetric.repair_orders AS orders
        ON orders.client_id = %(client)s AND orders.account = %(account)s
        AND sums.tm_shop_id = orders.tm_shop_id AND sums.tm_repair_order_id = orders.tm_id
    LEFT JOIN core.locations ON orders.location_id = locations.location_id
    LEFT JOIN tekmetric.profits
        ON orders.client_id = profits.client_id AND orders.account = profits.account
        AND orders.tm_shop_id = profits.tm_shop_id AND orders.tm_id = profits.tm_repair_order_id
        AND NOT profits.is_deleted
    LEFT JOIN tekmetric.estimates
        ON orders.client_id = estimates.client_id AND orders.account = estimates.account
        AND orders.tm_shop_id = estimates.tm_shop_id AND orders.tm_id = estimates.tm_repair_order_id
        AND NOT estimates.is_deleted
)

UPDATE tekmetric.repair_orders AS target SET
    posted_date = news.posted_date,
    completed_date = news.completed_date,
    potential_total = news.parts + news.labor + news.sublets + news.fees - news.discounts,
    potential_subtotal = news.parts + news.labor + news.sublets + news.fees,
    potential_tax = news.potential_tax,
    potential_discount = news.discounts,
    potential_job_count = news.jobs,
    potential_parts_total = news.parts,
    potential_labor_total = news.labor,
    potential_sublet_total = news.sublets,
    potential_fees_total = news.fees,
    authorized_total = news.sold_parts + news.sold_labor + news.sold_sublets + news.sold_fees - news.sold_discounts,
    authorized_subtotal = news.sold_parts + news.sold_labor + news.sold_sublets + news.sold_fees,
    authorized_tax = news.authorized_tax,
    authorized_discount = news.sold_discounts,
    authorized_job_count = news.sold_jobs,
    authorized_parts_total = news.sold_parts,
    authorized_labor_total = news.sold_labor,
    authorized_sublet_total = news.sold_sublets,
    authorized_fees_total = news.sold_fees,
    authorized_revenue = news.authorized_revenue,
    authorized_cost = news.authorized_cost,
    authorized_profit = news.authorized_profit,
    authorized_gp_percent = news.authorized_gp_percent,
    authorized_labor_hours = news.sold_hours,
    balance_due = news.balance_due,
    shop_supplies_total = news.shop_supplies_total,
    epa_total = news.epa_total,
    synced_at = now(),
    sync_id = coalesce(%(sync_id)s, target.sync_id)
FROM news
WHERE target.client_id = news.client_id AND target.account = news.account
    AND target.tm_shop_id = news.tm_shop_id AND target.tm_id = news.tm_repair_order_id
    AND (
        target.posted_date, target.completed_date,
        target.potential_parts_total, target.potential_labor_total, target.potential_sublet_total,
        target.potential_fees_total, target.potential_discount, target.potential_job_count,
        target.authorized_parts_total, target.authorized_labor_total, target.authorized_sublet_total,
        target.authorized_fees_total, target.authorized_discount, target.authorized_job_count,
        target.authorized_tax, target.authorized_labor_hours,
        target.authorized_revenue, target.authorized_cost, target.authorized_profit, target.authorized_gp_percent,
        target.balance_due, target.shop_supplies_total, target.epa_total, target.potential_tax
    ) IS DISTINCT FROM (
        news.posted_date, news.completed_date,
        news.parts, news.labor, news.sublets,
        news.fees, news.discounts, news.jobs,
        news.sold_parts, news.sold_labor, news.sold_sublets,
        news.sold_fees, news.sold_discounts, news.sold_jobs,
        news.authorized_tax, news.sold_hours,
        news.authorized_revenue, news.authorized_cost, news.authorized_profit, news.authorized_gp_percent,
        news.balance_due, news.shop_supplies_total, news.epa_total, news.potential_tax
    )
