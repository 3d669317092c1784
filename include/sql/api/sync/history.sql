SELECT
    sync_id, client_id, crm_source AS source, account, sync_type AS stream, status, start_time, end_time, window_start,
    window_end, records_fetched, duplicates, created, updated, unchanged, stale, deleted, quarantined, api_calls,
    error_message, configuration, performance_metrics, dag_id, run_id, attempt
FROM ops.sync_history
