-- fms.current_activity: one row an activity, holds without a person among them (section 2). It has no office: it is its
-- vehicle's, else its partner's.
SELECT
    landed.record_id,
    fms.as_id(body ->> 'activity_id') AS activity_id,
    fms.as_id(body ->> 'person_id') AS person_id,
    fms.as_vin(body ->> 'vehicle_vin') AS vehicle_vin,
    fms.as_text(body ->> 'activity_type') AS activity_type,
    fms.as_day(body ->> 'start_date') AS start_date,
    fms.as_day(body ->> 'end_date') AS end_date,
    core.as_text(body ->> 'to_field') AS to_field,
    fms.as_address(body ->> 'partner_address') AS partner_address,
    core.as_text(body ->> 'region') AS region,
    CASE
        WHEN vehicles.location_id IS NOT NULL THEN ARRAY[vehicles.location_id]
        ELSE coalesce(partners.location_ids, '{}')
    END AS location_ids
FROM landed
LEFT JOIN fms.vehicles
    ON landed.client_id = vehicles.client_id AND landed.account = vehicles.account
    AND vehicles.vin = fms.as_vin(body ->> 'vehicle_vin')
LEFT JOIN fms.partner_places AS partners
    ON landed.client_id = partners.client_id AND landed.account = partners.account
    AND partners.person_id = fms.as_id(body ->> 'person_id')
