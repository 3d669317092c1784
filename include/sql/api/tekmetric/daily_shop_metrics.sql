-- Money in cents; what a figure means, its column's comment says.
SELECT
    metrics.client_id, metrics.account, metrics.tm_shop_id, metrics.location_id, locations.name AS location_name,
    locations.currency, metrics.metric_date, metrics.basis, metrics.revenue_source, metrics.ro_count,
    metrics.ro_posted_count, metrics.ro_completed_count, metrics.car_count, metrics.authorized_revenue,
    metrics.authorized_cost, metrics.authorized_profit, metrics.authorized_gp_percent, metrics.lines_revenue,
    metrics.authorized_job_count, metrics.parts_revenue, metrics.parts_cost, metrics.parts_profit,
    metrics.parts_gp_percent, metrics.labor_revenue, metrics.labor_cost, metrics.labor_profit,
    metrics.labor_gp_percent, metrics.labor_hours, metrics.sublet_revenue, metrics.sublet_cost, metrics.fees_total,
    metrics.discount_total, metrics.tax_total, metrics.avg_ro_value, metrics.avg_ro_profit, metrics.avg_labor_rate,
    metrics.gp_per_labor_hour, metrics.total_gp_per_labor_hour, metrics.potential_revenue,
    metrics.potential_job_count, metrics.authorization_rate, metrics.ro_without_cost_count, metrics.updated_at
FROM tekmetric.daily_shop_metrics AS metrics
LEFT JOIN core.locations USING (client_id, location_id)
WHERE NOT metrics.is_deleted
