-- business_date is the day of the place; the instants are UTC.
SELECT
    client_id, account, task_id, location_id, group_id, title, template, business_date, start_datetime, end_datetime,
    start_datetime_timezone, duration, unscheduled, status, status_title, status_at, listed_status, is_booking,
    booking_id, is_archived, customer_id, customer_name, customer_company_name, customer_email, customer_phone,
    customer_address, customer_city, customer_state, customer_zipcode, resource_ids, crew_ids, external_id,
    external_type, rating, created, updated, synced_at
FROM arrivy.tasks
WHERE NOT is_deleted
