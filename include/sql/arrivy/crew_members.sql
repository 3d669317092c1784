-- arrivy.crew_members: one row a member of a division: whole records where they are sent, else ids.
SELECT
    landed.record_id,
    root.crew_id,
    coalesce(member.value ->> 'id', member.value #>> '{}') AS entity_id
FROM landed
INNER JOIN staged_crews AS root USING (record_id)
CROSS JOIN jsonb_array_elements(
    core.elements(coalesce(nullif(body -> 'entities_data', 'null'::jsonb), body -> 'entity_ids'))
) AS member (value)
