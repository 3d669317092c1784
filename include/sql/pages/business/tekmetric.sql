-- A period of each shop: sums of metrics.shop_performance, ratios of sums. A sum in which something is not known is not
-- known: hours that nobody clocked are none, a cost that is missing is.
SELECT
    location_id,
    location_name,
    currency,
    sum(car_count)::bigint AS car_count,
    sum(revenue_cents)::bigint AS revenue_cents,
    sum(revenue_last_year_cents)::bigint AS revenue_last_year_cents,
    CASE WHEN count(*) = count(profit_cents) THEN sum(profit_cents) END::bigint AS profit_cents,
    core.half_even(sum(revenue_cents) / nullif(sum(car_count), 0))::bigint AS aro_cents,
    CASE
        WHEN count(*) = count(profit_cents) AND sum(revenue_cents) > 0
            THEN core.half_even(100 * sum(profit_cents) / sum(revenue_cents), 2)
    END AS gp_percent,
    sum(hours_billed) AS hours_billed,
    CASE
        WHEN count(*) = count(profit_cents)
            THEN core.half_even(sum(profit_cents) / nullif(sum(hours_billed), 0))
    END::bigint AS gp_per_hour_cents,
    core.half_even(sum(labor_revenue_cents) / nullif(sum(hours_billed), 0))::bigint AS elr_cents,
    core.half_even(100 * sum(hours_billed_clocked) / nullif(sum(hours_clocked), 0), 2) AS efficiency_percent,
    sum(orders_without_cost)::bigint AS orders_without_cost
FROM metrics.shop_performance
WHERE location_id IS NOT NULL AND metric_date BETWEEN %(since)s AND %(until)s
    AND (%(branch)s::integer IS NULL OR location_id = %(branch)s)
GROUP BY location_id, location_name, currency
