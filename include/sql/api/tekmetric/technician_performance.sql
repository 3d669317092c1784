-- Money in cents of the row's currency; what a figure means, its column's comment says.
SELECT
    client_id, account, tm_shop_id, location_id, location_name, currency, tm_technician_id, technician_name,
    metric_date, hours_billed, labor_revenue_cents, labor_profit_cents, labor_gp_percent, elr_cents,
    gp_per_hour_cents, jobs_worked, orders_worked, hours_billed_clocked, hours_clocked, efficiency_percent, computed_at
FROM metrics.technician_performance
