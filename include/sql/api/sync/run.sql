-- What one run did with the streams, a row an account and stream; of several attempts the last.
WITH found AS (
    SELECT DISTINCT ON (history.client_id, history.account, history.sync_type)
        history.client_id, history.account, history.sync_type AS stream, history.status = 'running' AS is_running,
        jsonb_build_object(
            'sync_id', history.sync_id, 'run_id', history.run_id, 'status', history.status,
            'start_time', history.start_time, 'end_time', history.end_time,
            'records_fetched', history.records_fetched, 'created', history.created, 'updated', history.updated,
            'unchanged', history.unchanged, 'stale', history.stale, 'deleted', history.deleted,
            'quarantined', history.quarantined, 'api_calls', history.api_calls,
            'error_message', history.error_message
        ) AS last_sync
    FROM ops.sync_history AS history
    WHERE history.dag_id = %(dag_id)s AND history.run_id = %(run_id)s AND history.crm_source = %(source)s
        AND history.sync_type = ANY(%(streams)s)
    ORDER BY history.client_id, history.account, history.sync_type, history.attempt DESC
)

SELECT
    coalesce(jsonb_agg(to_jsonb(found) ORDER BY found.client_id, found.account, found.stream), '[]')::text AS streams,
    NULL AS verdict
FROM found
