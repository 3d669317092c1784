-- arrivy.customers: one row a customer (section 4.7). Where its tasks are is derived (customers.locations.sql).
SELECT
    landed.record_id,
    body ->> 'id' AS customer_id,
    body ->> 'owner' AS owner,
    arrivy.as_text(body ->> 'first_name') AS first_name,
    arrivy.as_text(body ->> 'last_name') AS last_name,
    arrivy.as_text(body ->> 'company_name') AS company_name,
    arrivy.as_text(lower(body ->> 'email')) AS email,
    arrivy.as_text(body ->> 'phone') AS phone,
    arrivy.as_text(body ->> 'mobile_number') AS mobile_number,
    core.as_text(body ->> 'notes') AS notes,
    arrivy.as_object(body -> 'extra_fields') AS extra_fields,
    arrivy.as_text(body ->> 'address_line_1') AS address_line_1,
    arrivy.as_text(body ->> 'address_line_2') AS address_line_2,
    arrivy.as_text(body ->> 'city') AS city,
    arrivy.as_text(body ->> 'state') AS state,
    arrivy.as_text(body ->> 'country') AS country,
    body ->> 'zipcode' AS zipcode,
    arrivy.as_object(body -> 'exact_location') ->> 'lat' AS latitude,
    arrivy.as_object(body -> 'exact_location') ->> 'lng' AS longitude,
    arrivy.as_object(body -> 'notifications') AS notifications,
    body ->> 'external_id' AS external_id,
    arrivy.as_instant(body ->> 'created') AS created,
    arrivy.as_instant(body ->> 'updated') AS updated,
    arrivy.as_instant(coalesce(body ->> 'updated', body ->> 'updated_at')) AS source_updated_at,
    nullif(
        body - ARRAY[
            'id', 'owner', 'first_name', 'last_name', 'company_name', 'email', 'phone', 'mobile_number',
            'notes', 'extra_fields', 'address_line_1', 'address_line_2', 'city', 'state', 'country',
            'zipcode', 'exact_location', 'notifications', 'external_id', 'created', 'updated', 'updated_at'
        ], '{}'::jsonb
    ) AS extra
FROM landed
