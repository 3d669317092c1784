-- A webhook of Arrivy (section 8): EVENT_ID stays the same when it is delivered again.
SELECT
    payload ->> 'EVENT_TYPE' AS event_type,
    payload ->> 'OBJECT_TYPE' AS object_type,
    payload ->> 'OBJECT_ID' AS object_id,
    payload ->> 'EVENT_ID' AS event_key,
    NULL::timestamptz AS due_at
FROM sent
