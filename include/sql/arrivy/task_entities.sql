-- arrivy.task_entities: one row a crew member that a task is given to, in the vendor's order; one that is named twice
-- stands at his first place.
SELECT
    landed.record_id,
    root.task_id,
    assigned.value #>> '{}' AS entity_id,
    root.location_id,
    min(assigned.ordinal)::integer AS place
FROM landed
INNER JOIN staged_tasks AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'entity_ids')) WITH ORDINALITY AS assigned (value, ordinal)
GROUP BY landed.record_id, root.task_id, assigned.value, root.location_id
