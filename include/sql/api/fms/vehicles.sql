SELECT
    client_id, account, vin, vehicle_id, year, make, model, model_short_name, office, location_id, fleet,
    registration_exp, insurance_exp, current_mileage, in_service_date, expected_turn_in_date, color, notes, synced_at
FROM fms.vehicles
WHERE NOT is_deleted
