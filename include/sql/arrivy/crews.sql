-- arrivy.crews: one row a division (section 3.2).
SELECT
    landed.record_id,
    body ->> 'id' AS crew_id,
    body ->> 'owner' AS owner,
    arrivy.as_text(body ->> 'name') AS name,
    arrivy.as_instant(body ->> 'created') AS created,
    arrivy.as_instant(body ->> 'updated') AS updated,
    arrivy.as_instant(coalesce(body ->> 'updated', body ->> 'updated_at')) AS source_updated_at,
    nullif(
        body - ARRAY[
            'id', 'owner', 'name', 'created', 'updated', 'updated_at', 'entity_ids', 'entities_data'
        ], '{}'::jsonb
    ) AS extra
FROM landed
