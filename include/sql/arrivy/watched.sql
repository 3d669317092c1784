-- Columns whose codes are declared in core.codes, each with its vocabulary (section 5).
SELECT
    watched.table_name,
    watched.column_name,
    watched.vocabulary,
    FALSE AS defines
FROM (
    VALUES
    ('entities', 'permission', 'permission'),
    ('entities', 'external_type', 'externalType'),
    ('tasks', 'external_type', 'externalType'),
    ('status_definitions', 'type', 'statusType'),
    ('task_statuses', 'type', 'statusType'),
    ('task_statuses', 'source', 'statusSource')
) AS watched (table_name, column_name, vocabulary)
