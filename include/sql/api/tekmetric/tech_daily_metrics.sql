-- Money in cents, pay included: who may read a shop's rows reads it (SECURITY.md).
SELECT
    metrics.client_id, metrics.account, metrics.tm_shop_id, metrics.location_id, locations.name AS location_name,
    locations.currency, metrics.tm_technician_id, metrics.metric_date, metrics.basis, metrics.hours_billed,
    metrics.hourly_rate, metrics.hourly_cost, metrics.labor_revenue, metrics.labor_cost, metrics.labor_profit,
    metrics.labor_gp_percent, metrics.gp_per_hour, metrics.jobs_worked, metrics.ros_worked, metrics.hours_clocked,
    metrics.hours_billed_clocked, metrics.efficiency, metrics.updated_at
FROM tekmetric.tech_daily_metrics AS metrics
LEFT JOIN core.locations USING (client_id, location_id)
WHERE NOT metrics.is_deleted
