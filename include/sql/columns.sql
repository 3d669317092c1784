-- A warehouse table as typing needs it: its columns with type, whether they must be there, and its key.
SELECT
    attribute.attname AS name,
    format_type(attribute.atttypid, NULL) AS type,
    attribute.attnotnull AND NOT attribute.atthasdef AS is_required,
    attribute.attnum = ANY(coalesce(primary_key.conkey, '{}')) AS is_key
FROM pg_attribute AS attribute
LEFT JOIN pg_constraint AS primary_key
    ON attribute.attrelid = primary_key.conrelid AND primary_key.contype = 'p'
WHERE attribute.attrelid = %(target)s::regclass AND attribute.attnum > 0 AND NOT attribute.attisdropped
ORDER BY attribute.attnum
