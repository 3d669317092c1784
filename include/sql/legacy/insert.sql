-- Legacy rows that the history does not have yet, the oldest first.
INSERT INTO ops.sync_history (
    crm_source, account, client_id, sync_type, status, start_time, end_time, configuration, dag_id, run_id
)
SELECT
    %(source)s,
    %(account)s,
    legacy.client_id,
    legacy.sync_type,
    legacy.status,
    legacy.start_time,
    legacy.end_time,
    legacy.configuration,
    %(dag_id)s,
    legacy.run_id
FROM legacy_rows AS legacy
WHERE legacy.reason IS NULL AND NOT EXISTS (
    SELECT FROM ops.sync_history AS moved
    WHERE moved.dag_id = %(dag_id)s AND moved.crm_source = %(source)s AND moved.account = %(account)s
        AND moved.configuration ->> 'migrated_from' = %(table)s AND moved.run_id = legacy.run_id
)
ORDER BY legacy.end_time, legacy.run_id
