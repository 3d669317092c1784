-- job_parts, job_labor, job_fees, job_sublets and ro_fees: what the shop API alone knows of a line, as
-- tekmetric.estimate_lines told it last. No part of the rows' hashes.
-- A line is the same by its id. One that the estimate sends without an id is the line of the same job with the same
-- name, part number and total, in the order in which both came; one that has no such twin is left alone.
WITH touched AS (
    SELECT tm_shop_id, tm_id AS tm_repair_order_id FROM tekmetric.repair_orders
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT tm_shop_id, tm_repair_order_id FROM tekmetric.estimate_lines
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
),

told AS (
    SELECT
        lines.*,
        -- a sublet is the order's in the public API, so its job tells nothing
        CASE WHEN lines.kind <> 'sublet' THEN lines.tm_job_id END AS of_job,
        (lines.name, lines.part_number, lines.line_total)::text AS looks
    FROM tekmetric.estimate_lines AS lines
    WHERE lines.client_id = %(client)s AND lines.account = %(account)s AND NOT lines.is_deleted
        AND (lines.tm_shop_id, lines.tm_repair_order_id) IN (SELECT tm_shop_id, tm_repair_order_id FROM touched)
),

every_line AS (
    SELECT
        id, tm_shop_id, tm_repair_order_id, 'part' AS kind, tm_job_id AS of_job, tm_id, name, part_number, total
    FROM tekmetric.job_parts
    WHERE client_id = %(client)s AND account = %(account)s
        AND (tm_shop_id, tm_repair_order_id) IN (SELECT tm_shop_id, tm_repair_order_id FROM touched)
    UNION ALL
    SELECT id, tm_shop_id, tm_repair_order_id, 'labor', tm_job_id, tm_id, name, NULL, total
    FROM tekmetric.job_labor
    WHERE client_id = %(client)s AND account = %(account)s
        AND (tm_shop_id, tm_repair_order_id) IN (SELECT tm_shop_id, tm_repair_order_id FROM touched)
    UNION ALL
    SELECT id, tm_shop_id, tm_repair_order_id, 'fee', tm_job_id, tm_id, name, NULL, total
    FROM tekmetric.job_fees
    WHERE client_id = %(client)s AND account = %(account)s
        AND (tm_shop_id, tm_repair_order_id) IN (SELECT tm_shop_id, tm_repair_order_id FROM touched)
    UNION ALL
    SELECT id, tm_shop_id, tm_repair_order_id, 'sublet', NULL, tm_id, name, NULL, retail
    FROM tekmetric.job_sublets
    WHERE client_id = %(client)s AND account = %(account)s
        AND (tm_shop_id, tm_repair_order_id) IN (SELECT tm_shop_id, tm_repair_order_id FROM touched)
    UNION ALL
    SELECT id, tm_shop_id, tm_repair_order_id, 'order_fee', NULL, NULL, name, NULL, total
    FROM tekmetric.ro_fees
    WHERE client_id = %(client)s AND account = %(account)s
        AND (tm_shop_id, tm_repair_order_id) IN (SELECT tm_shop_id, tm_repair_order_id FROM touched)
),

ours AS (
    SELECT id, tm_shop_id, tm_repair_order_id, kind, of_job, tm_id, (name, part_number, total)::text AS looks
    FROM every_line
),

by_id AS (
    SELECT ours.id, told.*
    FROM told
    INNER JOIN ours USING (tm_shop_id, tm_repair_order_id, kind, tm_id)
    WHERE told.of_job IS NOT DISTINCT FROM ours.of_job
),

by_looks AS (
    SELECT ours.id, told.*
    FROM (
        SELECT
            told.*,
            row_number() OVER (
                PARTITION BY tm_shop_id, tm_repair_order_id, kind, of_job, looks ORDER BY ordinal, line
            ) AS place
        FROM told
        WHERE tm_id IS NULL
    ) AS told
    INNER JOIN (
        SELECT
            ours.*,
            row_number() OVER (
                PARTITION BY tm_shop_id, tm_repair_order_id, kind, of_job, looks ORDER BY tm_id, id
            ) AS place
        FROM ours
        WHERE id NOT IN (SELECT id FROM by_id)
    ) AS ours USING (tm_shop_id, tm_repair_order_id, kind, looks, place)
    WHERE told.of_job IS NOT DISTINCT FROM ours.of_job
),

same AS (
    SELECT
        id, kind, tm_shop_id, tm_job_id, core_charge, vendor_id, vendor_name, ordered, received, backordered,
        technician_name, skill_level, amount, percentage, cap, taxable
    FROM by_id
    UNION ALL
    SELECT
        id, kind, tm_shop_id, tm_job_id, core_charge, vendor_id, vendor_name, ordered, received, backordered,
        technician_name, skill_level, amount, percentage, cap, taxable
    FROM by_looks
),

parts AS (
    UPDATE tekmetric.job_parts AS target SET
        core_charge = same.core_charge, vendor_id = same.vendor_id, vendor_name = same.vendor_name,
        ordered = same.ordered, received = same.received, backordered = same.backordered,
        synced_at = now(), sync_id = coalesce(%(sync_id)s, target.sync_id)
    FROM same
    WHERE target.id = same.id AND same.kind = 'part'
        AND (
            target.core_charge, target.vendor_id, target.vendor_name, target.ordered, target.received,
            target.backordered
        ) IS DISTINCT FROM (
            same.core_charge, same.vendor_id, same.vendor_name, same.ordered, same.received, same.backordered
        )
    RETURNING target.id
),

labor AS (
    UPDATE tekmetric.job_labor AS target SET
        technician_name = same.technician_name, skill_level = same.skill_level,
        synced_at = now(), sync_id = coalesce(%(sync_id)s, target.sync_id)
    FROM same
    WHERE target.id = same.id AND same.kind = 'labor'
        AND (target.technician_name, target.skill_level) IS DISTINCT FROM (same.technician_name, same.skill_level)
    RETURNING target.id
),

fees AS (
    UPDATE tekmetric.job_fees AS target SET
        amount = same.amount, percentage = same.percentage, cap = same.cap, taxable = same.taxable,
        synced_at = now(), sync_id = coalesce(%(sync_id)s, target.sync_id)
    FROM same
    WHERE target.id = same.id AND same.kind = 'fee'
        AND (target.amount, target.percentage, target.cap, target.taxable)
        IS DISTINCT FROM (same.amount, same.percentage, same.cap, same.taxable)
    RETURNING target.id
),

order_fees AS (
    UPDATE tekmetric.ro_fees AS target SET
        percentage = same.percentage, cap = same.cap,
        synced_at = now(), sync_id = coalesce(%(sync_id)s, target.sync_id)
    FROM same
    WHERE target.id = same.id AND same.kind = 'order_fee'
        AND (target.percentage, target.cap) IS DISTINCT FROM (same.percentage, same.cap)
    RETURNING target.id
),

sublets AS (
    UPDATE tekmetric.job_sublets AS target SET
        tm_job_id = same.tm_job_id, synced_at = now(), sync_id = coalesce(%(sync_id)s, target.sync_id)
    FROM same
    WHERE target.id = same.id AND same.kind = 'sublet'
        AND target.tm_job_id IS DISTINCT FROM same.tm_job_id
        -- an estimate may be newer than the order: a job that has not come yet is named by a later run
        AND EXISTS (
            SELECT FROM tekmetric.jobs
            WHERE jobs.id = tekmetric.uid(%(client)s, %(account)s, 'jobs', same.tm_shop_id, same.tm_job_id::text)
        )
    RETURNING target.id
)

SELECT id FROM parts
UNION ALL
SELECT id FROM labor
UNION ALL
SELECT id FROM fees
UNION ALL
SELECT id FROM order_fees
UNION ALL
SELECT id FROM sublets
