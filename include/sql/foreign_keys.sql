-- The foreign keys between the warehouse's tables: whose columns name whose, whether each row names one, and whether at
-- most one row names the same.
SELECT
    child_schema.nspname AS schema_name,
    child.relname AS table_name,
    parent_schema.nspname AS parent_schema,
    parent.relname AS parent_table,
    ours.names AS columns,
    ours.is_required,
    EXISTS(
        SELECT FROM pg_index AS unique_index
        WHERE unique_index.indrelid = child.oid AND unique_index.indisunique AND unique_index.indpred IS NULL
            AND unique_index.indkey::smallint[] <@ reference.conkey
    ) AS is_single
FROM pg_constraint AS reference
INNER JOIN pg_class AS child ON reference.conrelid = child.oid
INNER JOIN pg_namespace AS child_schema ON child.relnamespace = child_schema.oid
INNER JOIN pg_class AS parent ON reference.confrelid = parent.oid
INNER JOIN pg_namespace AS parent_schema ON parent.relnamespace = parent_schema.oid
CROSS JOIN LATERAL (
    SELECT
        array_agg(attribute.attname::text ORDER BY pairs.place) AS names,
        bool_and(attribute.attnotnull) AS is_required
    FROM unnest(reference.conkey) WITH ORDINALITY AS pairs (number, place)
    INNER JOIN pg_attribute AS attribute ON attribute.attrelid = child.oid AND pairs.number = attribute.attnum
) AS ours
WHERE reference.contype = 'f' AND reference.conparentid = 0 AND NOT child.relispartition
    AND child_schema.nspname = ANY(%(schemas)s)
ORDER BY
    array_position(%(schemas)s::text[], child_schema.nspname::text), child.relname, ours.names, parent_schema.nspname,
    parent.relname
