-- A period of each branch: sums of metrics.branch_performance, ratios of sums.
SELECT
    location_id,
    location_name,
    currency,
    sum(jobs)::bigint AS jobs,
    sum(moves)::bigint AS moves,
    sum(booked_revenue_cents)::bigint AS booked_revenue_cents,
    sum(booked_revenue_last_year_cents)::bigint AS booked_revenue_last_year_cents,
    core.half_even(sum(booked_revenue_cents) / nullif(sum(moves - moves_without_value), 0))::bigint
    AS avg_move_value_cents,
    sum(moves_without_value)::bigint AS moves_without_value,
    sum(cancellations)::bigint AS cancellations,
    sum(cancelled_value_cents)::bigint AS cancelled_value_cents,
    core.half_even(100 * sum(cancellations) / nullif(sum(moves) + sum(cancellations), 0), 2) AS cancellation_percent,
    sum(leads)::bigint AS leads,
    sum(bad_leads)::bigint AS bad_leads,
    sum(quotes_open)::bigint AS quotes_open,
    sum(lost)::bigint AS lost,
    sum(bookings)::bigint AS bookings,
    core.half_even(100 * sum(bookings) / nullif(sum(leads), 0), 2) AS close_percent
FROM metrics.branch_days(%(since)s, %(until)s, %(branch)s::integer IS NOT NULL)
WHERE %(branch)s::integer IS NULL OR location_id = %(branch)s
GROUP BY location_id, location_name, currency
