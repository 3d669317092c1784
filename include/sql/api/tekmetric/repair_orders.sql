-- Money in cents. The instants are UTC, posted_date and completed_date the shop's own days.
SELECT
    orders.client_id, orders.account, orders.tm_shop_id, orders.tm_id, orders.id, orders.location_id,
    locations.name AS location_name, orders.ro_number, orders.status, orders.status_id, orders.is_posted,
    orders.is_completed, orders.tm_customer_id, orders.tm_vehicle_id, orders.tm_service_advisor_id,
    orders.tm_technician_id, orders.created_date, orders.updated_date, orders.promised_date, orders.posted_at,
    orders.completed_at, orders.posted_date, orders.completed_date, orders.labor_sales, orders.parts_sales,
    orders.sublet_sales, orders.fee_total, orders.discount_total, orders.taxes, orders.total_sales,
    orders.amount_paid, orders.balance_due, orders.potential_total, orders.authorized_total,
    orders.authorized_revenue, orders.authorized_cost, orders.authorized_profit, orders.authorized_gp_percent,
    orders.authorized_labor_hours, orders.miles_in, orders.miles_out, orders.keytag, orders.label,
    orders.custom_label, orders.customer_concern, orders.synced_at
FROM tekmetric.repair_orders AS orders
LEFT JOIN core.locations USING (client_id, location_id)
WHERE NOT orders.is_deleted
