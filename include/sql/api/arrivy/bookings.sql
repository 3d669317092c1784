SELECT
    client_id, account, booking_id, location_id, group_id, title, task_type, business_date, start_datetime,
    end_datetime, timezone, duration, status, status_title, customer_id, customer_name, customer_email,
    customer_phone, customer_city, customer_state, entity_ids, external_id, created, updated, synced_at
FROM arrivy.bookings
WHERE NOT is_deleted
