-- fms.ops_capacity: one row an office of the operations workbook (section 6). A blank number is none.
SELECT
    landed.record_id,
    fms.as_text(body ->> 'office') AS office,
    places.location_id,
    fms.as_number(body ->> 'drivers_per_day') AS drivers_per_day,
    core.as_text(body ->> 'notes') AS notes
FROM landed
LEFT JOIN staged_places AS places
    ON landed.client_id = places.client_id AND places.name = fms.as_text(body ->> 'office')
