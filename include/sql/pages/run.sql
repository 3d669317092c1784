-- The syncs of one run, a row a stream and attempt, each with its equation: what was fetched is accounted for once.
SELECT
    history.sync_id,
    history.crm_source AS source,
    history.account,
    history.sync_type AS stream,
    history.status,
    history.attempt,
    history.start_time,
    date_trunc('second', history.end_time - history.start_time) AS took,
    history.records_fetched AS fetched,
    history.duplicates,
    history.created,
    history.updated,
    history.unchanged,
    history.stale,
    history.quarantined,
    history.deleted,
    history.records_fetched - history.duplicates - history.created - history.updated - history.unchanged
    - history.stale - history.quarantined AS lost,
    history.api_calls,
    history.error_message,
    history.configuration ->> 'asked_by' AS asked_by,
    CASE WHEN history.configuration <> '{}' THEN history.configuration::text END AS params,
    slices.*
FROM ops.sync_history AS history
CROSS JOIN LATERAL (
    SELECT
        sum(vendor_total)::bigint AS vendor_total,
        sum(records) FILTER (WHERE vendor_total IS NOT NULL)::bigint AS of_total,
        count(*) AS slices,
        count(*) FILTER (WHERE state = 'merged') AS merged,
        count(*) FILTER (WHERE verdict = 'short') AS short,
        round(sum(waited_seconds)::numeric, 1) AS waited
    FROM ops.sync_slices
    WHERE sync_slices.sync_id = history.sync_id
) AS slices
WHERE history.dag_id = %(dag_id)s AND history.run_id = %(run_id)s
ORDER BY history.status = 'success', history.crm_source, history.account, history.sync_type, history.attempt
