-- tekmetric.profits: one row an order, asked for by its id: profit/labor names no order (section 2). A margin of no
-- revenue comes as the text NaN.
SELECT
    landed.record_id,
    shop.external_id AS tm_shop_id,
    shop.location_id,
    landed.asked AS tm_repair_order_id,
    body #>> '{totalProfit,retail}' AS authorized_revenue,
    body #>> '{totalProfit,cost}' AS authorized_cost,
    body #>> '{totalProfit,profit}' AS authorized_profit,
    nullif(body #>> '{totalProfit,margin}', 'NaN') AS authorized_margin,
    body #>> '{laborProfit,retail}' AS labor_revenue,
    body #>> '{laborProfit,cost}' AS labor_cost,
    body #>> '{laborProfit,profit}' AS labor_profit,
    nullif(body #>> '{laborProfit,margin}', 'NaN') AS labor_margin,
    body #>> '{laborProfit,hours}' AS labor_hours
FROM landed
LEFT JOIN core.locations AS shop ON landed.location_id = shop.location_id
