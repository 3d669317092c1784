-- The warehouse's tables and views with their columns, in the order of their schemas and of the columns themselves.
SELECT
    namespace.nspname AS schema_name,
    obj_description(namespace.oid, 'pg_namespace') AS schema_comment,
    relation.relname AS table_name,
    relation.relkind = 'v' AS is_view,
    obj_description(relation.oid, 'pg_class') AS table_comment,
    attribute.attname AS name,
    format_type(attribute.atttypid, attribute.atttypmod) AS type,
    attribute.attnotnull AS is_required,
    array_position(primary_key.conkey, attribute.attnum) AS place,
    col_description(relation.oid, attribute.attnum) AS comment
FROM pg_class AS relation
INNER JOIN pg_namespace AS namespace ON relation.relnamespace = namespace.oid
INNER JOIN pg_attribute AS attribute
    ON relation.oid = attribute.attrelid AND attribute.attnum > 0 AND NOT attribute.attisdropped
LEFT JOIN pg_constraint AS primary_key ON relation.oid = primary_key.conrelid AND primary_key.contype = 'p'
WHERE namespace.nspname = ANY(%(schemas)s) AND relation.relkind IN ('r', 'p', 'v') AND NOT relation.relispartition
ORDER BY
    array_position(%(schemas)s::text[], namespace.nspname::text), relation.relkind = 'v', relation.relname,
    attribute.attnum
