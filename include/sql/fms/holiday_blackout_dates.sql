-- fms.holiday_blackout_dates: one row an office, day and holiday of the operations workbook (section 6). A date is a
-- date cell, or text of one of three forms.
SELECT
    landed.record_id,
    fms.as_text(body ->> 'office') AS office,
    fms.as_day(body ->> 'date') AS date,
    fms.as_text(body ->> 'holiday_name') AS holiday_name,
    places.location_id,
    fms.as_text(body ->> 'type') AS type,
    fms.as_text(body ->> 'all_day') AS all_day,
    fms.as_text(body ->> 'start_time') AS start_time,
    fms.as_text(body ->> 'end_time') AS end_time,
    core.as_text(body ->> 'notes') AS notes
FROM landed
LEFT JOIN staged_places AS places
    ON landed.client_id = places.client_id AND places.name = fms.as_text(body ->> 'office')
