-- A warehouse table as typing needs it: its columns with type, whether they must be there, and its key. Decisive is
-- what may not be nulled silently: money, and what the comment marks as such (a date or an answer that money hangs on).
SELECT
    attribute.attname AS name,
    format_type(attribute.atttypid, NULL) AS type,
    attribute.attnotnull AND NOT attribute.atthasdef AS is_required,
    attribute.attnum = ANY(coalesce(primary_key.conkey, '{}')) AS is_key,
    attribute.attname LIKE '%%\_cents'
    OR coalesce(words.comment LIKE 'Cents%%' OR words.comment LIKE '%%[decisive]%%', FALSE) AS is_decisive
FROM pg_attribute AS attribute
LEFT JOIN pg_constraint AS primary_key
    ON attribute.attrelid = primary_key.conrelid AND primary_key.contype = 'p'
CROSS JOIN LATERAL (SELECT col_description(attribute.attrelid, attribute.attnum) AS comment) AS words
WHERE attribute.attrelid = %(target)s::regclass AND attribute.attnum > 0 AND NOT attribute.attisdropped
ORDER BY attribute.attnum
