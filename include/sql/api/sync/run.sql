-- What one run did with the streams, a row an account and stream; of several attempts the last.
WITH found AS (
    SELECT DISTINCT ON (history.client_id, history.account, history.sync_type)
        history.client_id, history.account, history.sync_type AS stream, history.status = 'running' AS is_running,
{% include 'api/sync/told.sql' %} AS last_sync
    FROM ops.sync_history AS history
    WHERE history.dag_id = %(dag_id)s AND history.run_id = %(run_id)s AND history.crm_source = %(source)s
        AND history.sync_type = ANY(%(streams)s)
    ORDER BY history.client_id, history.account, history.sync_type, history.attempt DESC
)

SELECT
    coalesce(jsonb_agg(to_jsonb(found) ORDER BY found.client_id, found.account, found.stream), '[]')::text AS streams,
    NULL AS verdict
FROM found
