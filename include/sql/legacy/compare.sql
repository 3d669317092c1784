-- The legacy rows that can be copied against the moved ones: what is missing, what is there with other values, what is
-- there as it should be, and what the history alone still has.
SELECT
    count(*) FILTER (WHERE moved.sync_id IS NULL) AS missing,
    count(*) FILTER (WHERE legacy.run_id IS NULL) AS alone,
    count(*) FILTER (
        WHERE (moved.client_id, moved.sync_type, moved.status, moved.start_time, moved.end_time, moved.configuration)
        = (legacy.client_id, legacy.sync_type, legacy.status, legacy.start_time, legacy.end_time, legacy.configuration)
    ) AS equal,
    count(*) FILTER (
        WHERE moved.sync_id IS NOT NULL AND legacy.run_id IS NOT NULL
        AND (moved.client_id, moved.sync_type, moved.status, moved.start_time, moved.end_time, moved.configuration)
        IS DISTINCT FROM
        (legacy.client_id, legacy.sync_type, legacy.status, legacy.start_time, legacy.end_time, legacy.configuration)
    ) AS changed
FROM (SELECT * FROM legacy_rows WHERE reason IS NULL) AS legacy
FULL JOIN (
    SELECT * FROM ops.sync_history
    WHERE dag_id = %(dag_id)s AND crm_source = %(source)s AND account = %(account)s
        AND configuration ->> 'migrated_from' = %(table)s
) AS moved ON legacy.run_id = moved.run_id
