SELECT
    client_id, account, activity_id, vin, make, model, model_short_name, year, person_id, name, office, location_id,
    start_date, end_date, clips_received, is_published, partner_address, region, synced_at
FROM fms.loan_history
WHERE NOT is_deleted
