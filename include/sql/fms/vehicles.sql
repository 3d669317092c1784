-- fms.vehicles: one row a vehicle (section 2). Dates come as MM/DD/YY and MM-DD-YY, the month of service as M/yyyy.
SELECT
    landed.record_id,
    fms.as_vin(body ->> 'vin') AS vin,
    fms.as_number(body ->> 'vehicle_id') AS vehicle_id,
    fms.as_number(body ->> 'year') AS year,
    fms.as_text(body ->> 'make') AS make,
    fms.as_text(body ->> 'model') AS model,
    core.as_text(body ->> 'model_short_name') AS model_short_name,
    fms.as_text(body ->> 'office') AS office,
    places.location_id,
    core.as_text(body ->> 'fleet') AS fleet,
    fms.as_day(body ->> 'registration_exp') AS registration_exp,
    fms.as_day(body ->> 'insurance_exp') AS insurance_exp,
    fms.as_number(body ->> 'current_mileage') AS current_mileage,
    fms.as_month(body ->> 'in_service_date') AS in_service_date,
    fms.as_day(body ->> 'expected_turn_in_date') AS expected_turn_in_date,
    core.as_text(body ->> 'notes') AS notes,
    core.as_text(body ->> 'color') AS color
FROM landed
LEFT JOIN staged_places AS places
    ON landed.client_id = places.client_id AND places.name = fms.as_text(body ->> 'office')
