-- arrivy.task_template_fields: one row a field of the task's template (section 4.2, template_extra_fields).
SELECT
    landed.record_id,
    root.task_id,
    field.ordinal::integer AS place,
    root.location_id,
    arrivy.as_text(field.value ->> 'name') AS name,
    arrivy.as_text(field.value ->> 'type') AS type,
    core.as_text(field.value ->> 'value') AS value,
    nullif(field.value - ARRAY['name', 'type', 'value'], '{}'::jsonb) AS extra
FROM landed
INNER JOIN staged_tasks AS root USING (record_id)
CROSS JOIN
    jsonb_array_elements(core.elements(arrivy.as_object(body -> 'template_extra_fields')))
    WITH ORDINALITY AS field (value, ordinal)
WHERE jsonb_typeof(field.value) = 'object'
