SELECT
    client_id, account, location_id, location_name, metric_date, vehicles_active, vehicles_on_loan,
    vehicles_otherwise_busy, on_loan_percent, loans_30_days, partners, partners_with_address, partners_geocoded,
    geocoded_percent, partners_with_preferred_day, preferred_day_confidence
FROM metrics.fleet
