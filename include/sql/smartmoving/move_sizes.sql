-- smartmoving.move_sizes: one row a size; unknown texts of lead providers become rows here (section 9).
SELECT
    landed.record_id,
    body ->> 'id' AS move_size_id,
    body ->> 'name' AS name,
    core.as_text(body ->> 'description') AS description,
    body ->> 'volume' AS volume_cubic_feet,
    body ->> 'weight' AS weight_pounds
FROM landed
