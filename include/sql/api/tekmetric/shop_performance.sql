-- Money in cents of the row's currency; what a figure means, its column's comment says.
SELECT
    client_id, account, tm_shop_id, location_id, location_name, currency, metric_date, revenue_source, car_count,
    revenue_cents, profit_cents, aro_cents, gp_percent, hours_billed, gp_per_hour_cents, labor_revenue_cents,
    elr_cents, parts_gp_percent, labor_gp_percent, authorization_percent, hours_billed_clocked, hours_clocked,
    efficiency_percent, orders_without_cost, car_count_last_year, revenue_last_year_cents, computed_at
FROM metrics.shop_performance
