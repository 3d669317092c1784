-- One order as a document: itself, its jobs with every line, its own fees, discounts and concerns.
SELECT (
    to_jsonb(orders)
    - ARRAY[
        'row_hash', 'sync_hash', 'sync_id', 'extra', 'tm_extra', 'first_seen_at', 'observed_at', 'is_deleted',
        'deleted_at'
    ]
    || jsonb_build_object(
        'jobs', coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'tm_id', jobs.tm_id, 'name', jobs.name, 'authorized', jobs.authorized, 'declined', jobs.declined,
                'tm_technician_id', jobs.tm_technician_id, 'total', jobs.total, 'discount', jobs.discount,
                'labor_hours', jobs.labor_hours,
                'labor', (
                    SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'line', lines.line, 'name', lines.name, 'hours', lines.hours, 'rate', lines.rate,
                        'total', lines.total, 'tm_technician_id', lines.tm_technician_id
                    ) ORDER BY lines.line), '[]')
                    FROM tekmetric.job_labor AS lines
                    WHERE NOT lines.is_deleted AND (lines.client_id, lines.account, lines.tm_shop_id, lines.tm_job_id)
                        = (jobs.client_id, jobs.account, jobs.tm_shop_id, jobs.tm_id)
                ),
                'parts', (
                    SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'line', lines.line, 'name', lines.name, 'brand', lines.brand,
                        'part_number', lines.part_number, 'quantity', lines.quantity, 'retail', lines.retail,
                        'cost', lines.cost, 'total', lines.total
                    ) ORDER BY lines.line), '[]')
                    FROM tekmetric.job_parts AS lines
                    WHERE NOT lines.is_deleted AND (lines.client_id, lines.account, lines.tm_shop_id, lines.tm_job_id)
                        = (jobs.client_id, jobs.account, jobs.tm_shop_id, jobs.tm_id)
                )
            ) ORDER BY jobs.sort_order NULLS LAST, jobs.tm_id)
            FROM tekmetric.jobs
            WHERE NOT jobs.is_deleted AND jobs.tm_repair_order_id = orders.tm_id
                AND (jobs.client_id, jobs.account, jobs.tm_shop_id)
                = (orders.client_id, orders.account, orders.tm_shop_id)
        ), '[]'),
        'concerns', coalesce((
            SELECT jsonb_agg(
                jsonb_build_object('concern', concerns.concern, 'tech_comment', concerns.tech_comment)
                ORDER BY concerns.line
            )
            FROM tekmetric.ro_concerns AS concerns
            WHERE NOT concerns.is_deleted AND concerns.tm_repair_order_id = orders.tm_id
                AND (concerns.client_id, concerns.account, concerns.tm_shop_id)
                = (orders.client_id, orders.account, orders.tm_shop_id)
        ), '[]')
    )
)::text AS body
FROM tekmetric.repair_orders AS orders
WHERE NOT orders.is_deleted AND orders.tm_id = %(ro_id)s
    AND (%(shop)s::bigint IS NULL OR orders.tm_shop_id = %(shop)s)
ORDER BY orders.client_id, orders.account, orders.tm_shop_id
LIMIT 2
