-- Money in cents of the row's currency; what a figure means and which date it is counted on, its column's comment says.
SELECT
    client_id, account, location_id, location_name, currency, metric_date, jobs, moves, moves_without_value,
    booked_revenue_cents, avg_move_value_cents, cancellations, cancelled_value_cents, cancellation_percent,
    jobs_last_year, booked_revenue_last_year_cents, leads, bad_leads, quotes_open, lost, bookings, close_percent
FROM metrics.branch_performance
