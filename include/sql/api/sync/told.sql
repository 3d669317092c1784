{# What a status tells of a row of ops.sync_history, called history there. #}
jsonb_build_object(
    'sync_id', history.sync_id, 'run_id', history.run_id, 'status', history.status,
    'start_time', history.start_time, 'end_time', history.end_time,
    'records_fetched', history.records_fetched, 'created', history.created, 'updated', history.updated,
    'unchanged', history.unchanged, 'stale', history.stale, 'deleted', history.deleted,
    'quarantined', history.quarantined, 'api_calls', history.api_calls,
    'error_message', history.error_message
)
