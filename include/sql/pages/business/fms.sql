-- Each office today: what the report of vehicles says has no past.
SELECT
    location_id, location_name, NULL::text AS currency, metric_date, vehicles_active, vehicles_on_loan,
    vehicles_otherwise_busy, on_loan_percent, loans_30_days, partners, partners_with_address, partners_geocoded,
    geocoded_percent, partners_with_preferred_day, preferred_day_confidence
FROM metrics.fleet
WHERE %(branch)s::integer IS NULL OR location_id = %(branch)s
