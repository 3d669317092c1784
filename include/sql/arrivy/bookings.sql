-- arrivy.bookings: one row a booking; task-like, a few fields by another name (section 4.8).
-- The record is read from a hundred times: it is unpacked once, and the fence keeps it so.
SELECT
    landed.record_id,
    body ->> 'id' AS booking_id,
    place.location_id,
    body ->> 'url_safe_id' AS url_safe_id,
    core.as_text(body ->> 'title') AS title,
    core.as_text(coalesce(body ->> 'description', body ->> 'details')) AS description,
    body ->> 'owner' AS owner,
    body ->> 'template' AS template,
    body ->> 'group_id' AS group_id,
    arrivy.as_text(body ->> 'task_type') AS task_type,
    arrivy.as_instant(coalesce(body ->> 'start_datetime', body ->> 'start_datetime_original_iso_str'))
    AS start_datetime,
    arrivy.as_instant(body ->> 'end_datetime') AS end_datetime,
    arrivy.as_instant(body ->> 'due_datetime') AS due_datetime,
    arrivy.as_text(body ->> 'start_datetime_original_iso_str') AS start_datetime_original_iso_str,
    arrivy.as_text(coalesce(body ->> 'timezone', body ->> 'start_datetime_timezone')) AS timezone,
    arrivy.business_date(
        body ->> 'start_datetime_original_iso_str',
        body ->> 'start_datetime',
        coalesce(
            arrivy.as_zone(body ->> 'timezone'),
            arrivy.as_zone(body ->> 'start_datetime_timezone'),
            arrivy.as_zone(place.timezone)
        )
    ) AS business_date,
    arrivy.as_instant(body ->> 'actual_start_datetime') AS actual_start_datetime,
    arrivy.as_instant(body ->> 'actual_end_datetime') AS actual_end_datetime,
    body ->> 'duration' AS duration,
    body ->> 'duration_estimate' AS duration_estimate,
    body ->> 'unscheduled' AS unscheduled,
    body ->> 'is_recurring' AS is_recurring,
    body ->> 'is_all_day' AS is_all_day,
    body ->> 'enable_time_window_display' AS enable_time_window_display,
    arrivy.as_text(body ->> 'status') AS status,
    body ->> 'status_id' AS status_id,
    arrivy.as_text(body ->> 'status_title') AS status_title,
    body ->> 'customer_id' AS customer_id,
    arrivy.as_text(body ->> 'customer_name') AS customer_name,
    arrivy.as_text(body ->> 'customer_first_name') AS customer_first_name,
    arrivy.as_text(body ->> 'customer_last_name') AS customer_last_name,
    arrivy.as_text(body ->> 'customer_company_name') AS customer_company_name,
    arrivy.as_text(lower(body ->> 'customer_email')) AS customer_email,
    arrivy.as_text(body ->> 'customer_phone') AS customer_phone,
    arrivy.as_text(body ->> 'customer_mobile_number') AS customer_mobile_number,
    arrivy.as_text(body ->> 'customer_address_line_1') AS customer_address_line_1,
    arrivy.as_text(body ->> 'customer_address_line_2') AS customer_address_line_2,
    arrivy.as_text(body ->> 'customer_city') AS customer_city,
    arrivy.as_text(body ->> 'customer_state') AS customer_state,
    arrivy.as_text(body ->> 'customer_country') AS customer_country,
    body ->> 'customer_zipcode' AS customer_zipcode,
    arrivy.as_object(body -> 'customer_exact_location') ->> 'lat' AS customer_latitude,
    arrivy.as_object(body -> 'customer_exact_location') ->> 'lng' AS customer_longitude,
    core.as_text(body ->> 'customer_notes') AS customer_notes,
    arrivy.as_ids(body -> 'entity_ids') AS entity_ids,
    arrivy.as_ids(body -> 'resource_ids') AS resource_ids,
    arrivy.as_ids(body -> 'team_member_ids') AS team_member_ids,
    arrivy.as_object(body -> 'assigned_team_members') AS assigned_team_members,
    body ->> 'external_id' AS external_id,
    arrivy.as_text(body ->> 'external_type') AS external_type,
    arrivy.as_text(body ->> 'route_name') AS route_name,
    core.as_text(body ->> 'instructions') AS instructions,
    arrivy.as_object(body -> 'custom_fields') AS custom_fields,
    arrivy.as_object(body -> 'extra_fields') AS extra_fields,
    arrivy.as_object(body -> 'template_extra_fields') AS template_extra_fields,
    arrivy.as_instant(coalesce(body ->> 'created', body ->> 'created_time')) AS created,
    arrivy.as_instant(coalesce(body ->> 'updated', body ->> 'updated_time')) AS updated,
    arrivy.as_instant(coalesce(body ->> 'updated', body ->> 'updated_time')) AS source_updated_at,
    nullif(
        body - ARRAY[
            'id', 'url_safe_id', 'title', 'description', 'details', 'owner', 'template', 'group_id',
            'task_type', 'start_datetime', 'start_datetime_original_iso_str', 'end_datetime',
            'due_datetime', 'timezone', 'start_datetime_timezone', 'actual_start_datetime',
            'actual_end_datetime', 'duration', 'duration_estimate', 'unscheduled', 'is_recurring',
            'is_all_day', 'enable_time_window_display', 'status', 'status_id', 'status_title',
            'customer_id', 'customer_name', 'customer_first_name', 'customer_last_name',
            'customer_company_name', 'customer_email', 'customer_phone', 'customer_mobile_number',
            'customer_address_line_1', 'customer_address_line_2', 'customer_city', 'customer_state',
            'customer_country', 'customer_zipcode', 'customer_exact_location', 'customer_notes',
            'entity_ids', 'resource_ids', 'team_member_ids', 'assigned_team_members', 'external_id',
            'external_type', 'route_name', 'instructions', 'custom_fields', 'extra_fields',
            'template_extra_fields', 'created', 'created_time', 'updated', 'updated_time'
        ], '{}'::jsonb
    ) AS extra
FROM (
    SELECT
        record_id,
        client_id,
        account,
        body || '{}'::jsonb AS body
    FROM landed
    OFFSET bigint '0' -- noqa: AM09
) AS landed
LEFT JOIN core.locations AS place
    ON landed.client_id = place.client_id AND landed.account = place.account AND place.source = 'arrivy'
    AND place.external_id = body ->> 'group_id'
