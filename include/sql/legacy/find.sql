-- The legacy table as the catalog has it, under its own name or the one it is retired to, and what this role may do.
SELECT
    tables.relname AS name,
    tables.relname <> %(name)s AS is_retired,
    tables.relkind IN ('r', 'p') AS is_table,
    current_user AS role,
    has_schema_privilege(tables.relnamespace, 'USAGE') AS may_enter,
    has_schema_privilege(tables.relnamespace, 'CREATE') AS may_create,
    has_table_privilege(tables.oid, 'SELECT') AS may_read,
    pg_has_role(tables.relowner, 'USAGE') AS is_owner,
    row_security_active(tables.oid) AS hides_rows,
    coalesce(
        (
            SELECT jsonb_object_agg(columns.attname, format_type(columns.atttypid, NULL))
            FROM pg_catalog.pg_attribute AS columns
            WHERE columns.attrelid = tables.oid AND columns.attnum > 0 AND NOT columns.attisdropped
        ),
        '{}'
    ) AS columns,
    coalesce(
        (
            SELECT jsonb_agg(columns.attname ORDER BY keys.place)
            FROM pg_catalog.pg_index AS indexes
            CROSS JOIN LATERAL unnest(indexes.indkey) WITH ORDINALITY AS keys (attnum, place)
            INNER JOIN pg_catalog.pg_attribute AS columns
                ON columns.attrelid = indexes.indrelid AND columns.attnum = keys.attnum
            WHERE indexes.indrelid = tables.oid AND indexes.indisprimary
        ),
        '[]'
    ) AS keys
FROM pg_catalog.pg_class AS tables
INNER JOIN pg_catalog.pg_namespace AS schemas ON tables.relnamespace = schemas.oid
WHERE schemas.nspname = %(schema)s AND tables.relname IN (%(name)s, %(retired)s)
    AND tables.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY is_retired
