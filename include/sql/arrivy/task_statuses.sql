-- arrivy.task_statuses: one row an entry of a task's history (section 4.3). Notes, files and whether the customer sees
-- it come within extra_fields or beside them. The entry does not say whose it is: the call does.
SELECT
    landed.record_id,
    landed.asked AS task_id,
    body ->> 'id' AS entry_id,
    tasks.location_id,
    row_number() OVER (
        PARTITION BY landed.slice_id, landed.asked ORDER BY landed.page, landed.ordinal
    )::integer AS place,
    arrivy.as_text(body ->> 'type') AS type,
    arrivy.as_text(coalesce(body ->> 'title', body ->> 'status_text')) AS title,
    arrivy.as_text(body ->> 'type_title') AS type_title,
    arrivy.as_text(body ->> 'color') AS color,
    arrivy.as_instant(coalesce(body ->> 'time', body ->> 'time_original_iso_str')) AS reported_at,
    arrivy.as_text(body ->> 'time_original_iso_str') AS time_original_iso_str,
    body ->> 'reporter_id' AS reporter_id,
    arrivy.as_text(body ->> 'reporter_name') AS reporter_name,
    arrivy.as_text(body ->> 'source') AS source,
    told.fields AS extra_fields,
    core.as_text(coalesce(told.fields ->> 'notes', body ->> 'notes')) AS notes,
    coalesce(told.fields -> 'files', body -> 'files') AS files,
    coalesce(told.fields ->> 'visible_to_customer', body ->> 'visible_to_customer') AS visible_to_customer,
    nullif(
        body - ARRAY[
            'id', 'task_id', 'type', 'title', 'status_text', 'type_title', 'color', 'time', 'time_original_iso_str',
            'reporter_id', 'reporter_name', 'source', 'extra_fields', 'notes', 'files', 'visible_to_customer'
        ], '{}'::jsonb
    ) AS extra
FROM landed
CROSS JOIN LATERAL (SELECT arrivy.as_object(body -> 'extra_fields') AS fields) AS told
LEFT JOIN arrivy.tasks
    ON landed.client_id = tasks.client_id AND landed.account = tasks.account AND landed.asked = tasks.task_id
