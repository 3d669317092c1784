-- arrivy.status_definitions: one row a status; rows without times are kept (section 4.4).
SELECT
    landed.record_id,
    body ->> 'id' AS status_id,
    arrivy.as_text(body ->> 'title') AS title,
    arrivy.as_text(body ->> 'name') AS name,
    core.as_text(body ->> 'description') AS description,
    arrivy.as_text(body ->> 'type') AS type,
    body ->> 'type_id' AS type_id,
    body ->> 'order' AS "order",
    body ->> 'visible_to_customer' AS visible_to_customer,
    body ->> 'require_signature' AS require_signature,
    body ->> 'require_rating' AS require_rating,
    arrivy.as_text(body ->> 'color') AS color,
    body ->> 'is_active' AS is_active,
    arrivy.as_instant(body ->> 'created') AS created,
    arrivy.as_instant(body ->> 'updated') AS updated,
    arrivy.as_instant(coalesce(body ->> 'updated', body ->> 'updated_at')) AS source_updated_at,
    nullif(
        body - ARRAY[
            'id', 'title', 'name', 'description', 'type', 'type_id', 'order', 'visible_to_customer',
            'require_signature', 'require_rating', 'color', 'is_active', 'created', 'updated', 'updated_at'
        ], '{}'::jsonb
    ) AS extra
FROM landed
