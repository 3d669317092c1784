SELECT
    client_id, account, activity_id, activity_type, vehicle_vin, person_id, start_date, end_date, to_field,
    partner_address, region, location_ids, synced_at
FROM fms.current_activity
WHERE NOT is_deleted
