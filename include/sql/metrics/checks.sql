-- ops.check_results: the rules that the changed orders should keep (section 1.10, and the metrics' own), a
-- row a check and location with up to ten examples. A null on either side is nothing to compare.
-- An error stands until it is mended, or a run that finds nothing changed would be green again: where the last run
-- found one, all orders of that location are held against the errors' rules, changed or not.
WITH standing AS (
    SELECT DISTINCT found.location_id
    FROM ops.check_results AS found
    WHERE found.client_id = %(client)s AND found.account = %(account)s AND found.source = 'tekmetric'
        AND found.check_name IN ('sales_by_lines', 'authorized_total', 'no_time_zone', 'no_local_day')
        AND found.severity = 'error' AND found.failed > 0
        -- every run has results of this check: the newest are the last run's
        AND found.checked_at = (
            SELECT max(newest.checked_at) FROM ops.check_results AS newest
            WHERE newest.client_id = %(client)s AND newest.account = %(account)s AND newest.source = 'tekmetric'
                AND newest.check_name = 'shop_unmapped'
        )
),

looked_at AS (
    SELECT tm_shop_id, tm_repair_order_id AS tm_id, TRUE AS is_changed FROM changed_orders
    UNION ALL
    SELECT orders.tm_shop_id, orders.tm_id, FALSE
    FROM standing
    INNER JOIN tekmetric.repair_orders AS orders ON standing.location_id IS NOT DISTINCT FROM orders.location_id
    WHERE orders.client_id = %(client)s AND orders.account = %(account)s AND (orders.is_posted OR orders.is_completed)
        AND (orders.tm_shop_id, orders.tm_id) NOT IN (SELECT tm_shop_id, tm_repair_order_id FROM changed_orders)
),

every_order AS (
    SELECT
        orders.*,
        looked_at.is_changed,
        locations.timezone,
        coalesce(locations.is_mapped, TRUE) AS is_mapped,
        coalesce(codes.is_known, FALSE) AS is_known
    FROM looked_at
    INNER JOIN tekmetric.repair_orders AS orders
        ON orders.client_id = %(client)s AND orders.account = %(account)s
        AND looked_at.tm_shop_id = orders.tm_shop_id AND looked_at.tm_id = orders.tm_id
    LEFT JOIN core.locations ON orders.location_id = locations.location_id
    LEFT JOIN core.codes ON orders.status_ref = codes.ref
    WHERE NOT orders.is_deleted
),

orders AS (
    SELECT * FROM every_order WHERE is_changed
),

every_snapshot AS (
    SELECT snapshots.*, orders.is_changed, orders.total_sales, orders.taxes, orders.authorized_total
    FROM every_order AS orders
    INNER JOIN tekmetric.ro_snapshots AS snapshots
        ON orders.client_id = snapshots.client_id AND orders.account = snapshots.account
        AND orders.tm_shop_id = snapshots.tm_shop_id AND orders.tm_id = snapshots.tm_repair_order_id
    WHERE NOT snapshots.is_deleted AND snapshots.snapshot_trigger <> 'manual'
),

snapshots AS (
    SELECT * FROM every_snapshot WHERE is_changed
),

jobs AS (
    SELECT jobs.*, orders.is_posted
    FROM orders
    INNER JOIN tekmetric.jobs
        ON orders.client_id = jobs.client_id AND orders.account = jobs.account
        AND orders.tm_shop_id = jobs.tm_shop_id AND orders.tm_id = jobs.tm_repair_order_id
),

-- Fees and discounts by their own lines: of authorized jobs, and of the order itself.
extras AS (
    SELECT jobs.tm_shop_id, jobs.tm_repair_order_id, 'fee' AS kind, fees.total
    FROM jobs
    INNER JOIN tekmetric.job_fees AS fees
        ON jobs.client_id = fees.client_id AND jobs.account = fees.account
        AND jobs.tm_shop_id = fees.tm_shop_id AND jobs.tm_id = fees.tm_job_id
    WHERE jobs.authorized
    UNION ALL
    SELECT jobs.tm_shop_id, jobs.tm_repair_order_id, 'discount', discounts.total
    FROM jobs
    INNER JOIN tekmetric.job_discounts AS discounts
        ON jobs.client_id = discounts.client_id AND jobs.account = discounts.account
        AND jobs.tm_shop_id = discounts.tm_shop_id AND jobs.tm_id = discounts.tm_job_id
    WHERE jobs.authorized
    UNION ALL
    SELECT orders.tm_shop_id, orders.tm_id, 'fee', fees.total
    FROM orders
    INNER JOIN tekmetric.ro_fees AS fees
        ON orders.client_id = fees.client_id AND orders.account = fees.account
        AND orders.tm_shop_id = fees.tm_shop_id AND orders.tm_id = fees.tm_repair_order_id
    UNION ALL
    SELECT orders.tm_shop_id, orders.tm_id, 'discount', discounts.total
    FROM orders
    INNER JOIN tekmetric.ro_discounts AS discounts
        ON orders.client_id = discounts.client_id AND orders.account = discounts.account
        AND orders.tm_shop_id = discounts.tm_shop_id AND orders.tm_id = discounts.tm_repair_order_id
),

extra_sums AS (
    SELECT
        tm_shop_id,
        tm_repair_order_id,
        sum(total) FILTER (WHERE kind = 'fee') AS fees,
        sum(total) FILTER (WHERE kind = 'discount') AS discounts
    FROM extras
    GROUP BY tm_shop_id, tm_repair_order_id
),

part_sums AS (
    SELECT parts.tm_shop_id, parts.tm_job_id, sum(parts.total) AS total, count(*) AS lines
    FROM jobs
    INNER JOIN tekmetric.job_parts AS parts
        ON jobs.client_id = parts.client_id AND jobs.account = parts.account
        AND jobs.tm_shop_id = parts.tm_shop_id AND jobs.tm_id = parts.tm_job_id
    GROUP BY parts.tm_shop_id, parts.tm_job_id
),

-- expected is what the rule makes of one side, actual the other; tolerance is what may lie between them.
compared AS (
    SELECT
        'total_sales' AS check_name, 'warning' AS severity, location_id, 'order ' || ro_number AS record_key,
        (labor_sales + parts_sales + sublet_sales + fee_total - discount_total + taxes)::numeric AS expected,
        total_sales::numeric AS actual, 0::numeric AS tolerance
    FROM orders
    UNION ALL
    SELECT
        'job_subtotal', 'warning', location_id, 'job ' || tm_id,
        parts_total + labor_total + fees_total - discount, subtotal, 0
    FROM jobs
    UNION ALL
    -- half a cent a line, upwards
    SELECT
        'parts_total', 'warning', jobs.location_id, 'job ' || jobs.tm_id,
        coalesce(part_sums.total, 0), jobs.parts_total, ceil(coalesce(part_sums.lines, 0) / 2.0)
    FROM jobs
    LEFT JOIN part_sums ON jobs.tm_shop_id = part_sums.tm_shop_id AND jobs.tm_id = part_sums.tm_job_id
    UNION ALL
    SELECT
        'fee_total', 'warning', orders.location_id, 'order ' || orders.ro_number,
        coalesce(extra_sums.fees, 0), orders.fee_total, 0
    FROM orders
    LEFT JOIN extra_sums ON orders.tm_shop_id = extra_sums.tm_shop_id AND orders.tm_id = extra_sums.tm_repair_order_id
    WHERE orders.is_posted
    UNION ALL
    SELECT
        'discount_total', 'warning', orders.location_id, 'order ' || orders.ro_number,
        coalesce(extra_sums.discounts, 0), orders.discount_total, 0
    FROM orders
    LEFT JOIN extra_sums ON orders.tm_shop_id = extra_sums.tm_shop_id AND orders.tm_id = extra_sums.tm_repair_order_id
    WHERE orders.is_posted
    UNION ALL
    SELECT
        'sublet_price', 'warning', sublets.location_id, 'sublet ' || sublets.line,
        (SELECT sum(tekmetric.as_number(item.value ->> 'price'))
        FROM jsonb_array_elements(core.elements(sublets.items)) AS item (value)),
        sublets.retail, 0
    FROM orders
    INNER JOIN tekmetric.job_sublets AS sublets
        ON orders.client_id = sublets.client_id AND orders.account = sublets.account
        AND orders.tm_shop_id = sublets.tm_shop_id AND orders.tm_id = sublets.tm_repair_order_id
    WHERE jsonb_array_length(core.elements(sublets.items)) > 0
    UNION ALL
    SELECT
        'sales_by_lines', 'error', location_id, 'order ' || ro_number,
        total_sales - coalesce(taxes, 0), authorized_revenue, 100
    FROM every_snapshot
    WHERE snapshot_trigger = 'posted'
    UNION ALL
    -- only of a posted order the vendor's totals are known to be those of authorized work; this one is in no amount yet
    SELECT
        'completed_by_lines', 'warning', location_id, 'order ' || ro_number,
        total_sales - coalesce(taxes, 0), authorized_revenue, 100
    FROM snapshots
    WHERE snapshot_trigger = 'completed'
    UNION ALL
    SELECT
        'authorized_total', 'error', location_id, 'order ' || ro_number, authorized_revenue, authorized_total, 0
    FROM every_snapshot
    UNION ALL
    SELECT
        'vendor_revenue', 'warning', location_id, 'order ' || ro_number, tm_reported_revenue, authorized_revenue, 100
    FROM snapshots
    UNION ALL
    SELECT
        'vendor_profit', 'warning', location_id, 'order ' || ro_number, tm_reported_profit, authorized_profit, 100
    FROM snapshots
    UNION ALL
    SELECT
        'gp_variance', 'warning', location_id, 'order ' || ro_number,
        tm_reported_gp_percent, authorized_gp_percent, 0.5
    FROM snapshots
    UNION ALL
    SELECT
        'negative_profit', 'info', location_id, 'order ' || ro_number,
        greatest(authorized_profit, 0), authorized_profit, 0
    FROM snapshots
    UNION ALL
    -- what follows asks whether something is there: 1 expected, 0 where it is not
    SELECT 'cost_known', 'warning', location_id, 'order ' || ro_number, 1, num_nonnulls(authorized_cost), 0
    FROM snapshots
    UNION ALL
    SELECT
        'labor_assigned', 'info', location_id, 'order ' || ro_number,
        0, coalesce((rate_sources ->> 'unassigned')::numeric, 0), 0
    FROM snapshots
    UNION ALL
    -- of all shops, changed or not; a zone that nobody knows is none
    SELECT
        'shop_unmapped', 'error', locations.location_id, 'shop ' || shops.tm_id, 1,
        num_nonnulls(tekmetric.local_day(now(), locations.timezone)), 0
    FROM tekmetric.shops
    LEFT JOIN core.locations
        ON shops.client_id = locations.client_id AND shops.account = locations.account
        AND locations.source = 'tekmetric' AND shops.tm_id::text = locations.external_id
    WHERE shops.client_id = %(client)s AND shops.account = %(account)s AND NOT shops.is_deleted
        AND coalesce(locations.is_mapped, TRUE)
    UNION ALL
    SELECT 'no_time_zone', 'error', location_id, 'order ' || ro_number, 1, num_nonnulls(timezone), 0
    FROM every_order
    WHERE (is_posted OR is_completed) AND is_mapped
    UNION ALL
    SELECT
        'no_local_day', 'error', location_id, 'order ' || ro_number, 1,
        CASE WHEN is_posted THEN num_nonnulls(posted_date) ELSE num_nonnulls(completed_date) END, 0
    FROM every_order
    WHERE (is_posted OR is_completed) AND is_mapped AND timezone IS NOT NULL
    UNION ALL
    SELECT 'known_status', 'warning', location_id, 'order ' || ro_number, 1, is_known::integer, 0
    FROM orders
    UNION ALL
    SELECT
        'customer_there', 'warning', orders.location_id, 'order ' || orders.ro_number, 1, num_nonnulls(there.tm_id), 0
    FROM orders
    LEFT JOIN tekmetric.customers AS there
        ON orders.client_id = there.client_id AND orders.account = there.account
        AND orders.tm_shop_id = there.tm_shop_id AND orders.tm_customer_id = there.tm_id
    WHERE orders.tm_customer_id IS NOT NULL
    UNION ALL
    SELECT
        'vehicle_there', 'warning', orders.location_id, 'order ' || orders.ro_number, 1, num_nonnulls(there.tm_id), 0
    FROM orders
    LEFT JOIN tekmetric.vehicles AS there
        ON orders.client_id = there.client_id AND orders.account = there.account
        AND orders.tm_shop_id = there.tm_shop_id AND orders.tm_vehicle_id = there.tm_id
    WHERE orders.tm_vehicle_id IS NOT NULL
),

judged AS (
    SELECT *, abs(actual - expected) AS difference, abs(actual - expected) > tolerance AS is_broken
    FROM compared
    WHERE expected IS NOT NULL AND actual IS NOT NULL
)

INSERT INTO ops.check_results
(source, account, client_id, location_id, check_name, severity, checked, failed, worst, examples, dag_id, run_id)
SELECT
    'tekmetric',
    %(account)s,
    %(client)s,
    location_id,
    check_name,
    severity,
    count(*),
    count(*) FILTER (WHERE is_broken),
    max(difference) FILTER (WHERE is_broken),
    coalesce(
        to_jsonb((
            array_agg(
                jsonb_build_object('key', record_key, 'expected', expected, 'actual', actual)
                ORDER BY difference DESC, record_key
            ) FILTER (WHERE is_broken)
        )[1:10]), '[]'::jsonb
    ),
    %(dag_id)s,
    %(run_id)s
FROM judged
GROUP BY location_id, check_name, severity
RETURNING check_name, severity, checked, failed
