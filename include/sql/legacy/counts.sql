-- The account's history by stream and status, and how many of the rows were moved from the legacy table.
SELECT
    sync_type,
    status,
    count(*) AS number,
    count(*) FILTER (WHERE configuration ->> 'migrated_from' = %(table)s) AS moved
FROM ops.sync_history
WHERE crm_source = %(source)s AND account = %(account)s
GROUP BY sync_type, status
ORDER BY sync_type, status
