-- Columns whose codes are declared in core.codes, each with its vocabulary (section 2): both lists are open.
SELECT
    watched.table_name,
    watched.column_name,
    watched.vocabulary,
    FALSE AS defines
FROM (
    VALUES
    ('current_activity', 'activity_type', 'activityType'),
    ('approved_makes', 'rank', 'rank')
) AS watched (table_name, column_name, vocabulary)
