-- A legacy row that was written again since it was copied: the moved row follows it.
UPDATE ops.sync_history AS moved SET
    client_id = legacy.client_id,
    sync_type = legacy.sync_type,
    status = legacy.status,
    start_time = legacy.start_time,
    end_time = legacy.end_time,
    configuration = legacy.configuration
FROM legacy_rows AS legacy
WHERE moved.dag_id = %(dag_id)s AND moved.crm_source = %(source)s AND moved.account = %(account)s
    AND moved.configuration ->> 'migrated_from' = %(table)s
    AND moved.run_id = legacy.run_id AND legacy.reason IS NULL
    AND (moved.client_id, moved.sync_type, moved.status, moved.start_time, moved.end_time, moved.configuration)
    IS DISTINCT FROM
    (legacy.client_id, legacy.sync_type, legacy.status, legacy.start_time, legacy.end_time, legacy.configuration)
