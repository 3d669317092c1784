-- fms.loan_history: one row a loan (section 2). Ids may come as a float's text where the column has a blank.
SELECT
    landed.record_id,
    fms.as_id(body ->> 'activity_id') AS activity_id,
    fms.as_vin(body ->> 'vin') AS vin,
    fms.as_id(body ->> 'person_id') AS person_id,
    fms.as_text(body ->> 'make') AS make,
    fms.as_text(body ->> 'model') AS model,
    fms.as_number(body ->> 'year') AS year,
    core.as_text(body ->> 'model_short_name') AS model_short_name,
    fms.as_day(body ->> 'start_date') AS start_date,
    fms.as_day(body ->> 'end_date') AS end_date,
    fms.as_text(body ->> 'clips_received') AS clips_received,
    fms.as_text(body ->> 'office') AS office,
    places.location_id,
    core.as_text(body ->> 'name') AS name,
    fms.as_address(body ->> 'partner_address') AS partner_address,
    core.as_text(body ->> 'region') AS region
FROM landed
LEFT JOIN staged_places AS places
    ON landed.client_id = places.client_id AND places.name = fms.as_text(body ->> 'office')
