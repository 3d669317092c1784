-- Syncs, the newest first, with what made each: whoever asked, a backfill, a replay; and what a vendor sent that nobody
-- had declared, beside the sync that saw it.
WITH events AS (
    SELECT
        history.sync_id,
        history.crm_source AS source,
        history.account,
        history.sync_type AS stream,
        history.status,
        history.start_time,
        date_trunc('second', history.end_time - history.start_time) AS took,
        history.records_fetched,
        history.created + history.updated + history.deleted AS changed,
        history.quarantined,
        history.api_calls,
        history.dag_id,
        history.run_id,
        history.attempt,
        history.configuration ->> 'asked_by' AS asked_by,
        left(history.error_message, 300) AS error_message,
        CASE
            WHEN history.configuration ? 'replay' THEN 'replay'
            WHEN history.configuration ? 'migrated_from' THEN 'migration'
            WHEN history.configuration ? 'dry_run' THEN 'dry run'
            WHEN history.configuration ? 'is_backfill' THEN 'backfill'
            WHEN history.configuration ? 'asked_by' OR history.run_id LIKE 'manual\_\_%%' THEN 'manual'
            ELSE 'sync'
        END AS kind,
        (
            SELECT string_agg(drift.kind || ' ' || drift.subject, ', ' ORDER BY drift.kind, drift.subject)
            FROM ops.schema_drift AS drift
            WHERE drift.sync_id = history.sync_id
        ) AS drift
    FROM ops.sync_history AS history
    WHERE (%(source)s::text IS NULL OR history.crm_source = %(source)s)
        AND (%(stream)s::text IS NULL OR history.sync_type = %(stream)s)
        AND (%(dag_id)s::text IS NULL OR history.dag_id = %(dag_id)s)
        AND (%(status)s::text IS NULL OR history.status = %(status)s)
        AND (%(since)s::date IS NULL OR history.start_time >= %(since)s::date)
        AND (%(until)s::date IS NULL OR history.start_time < %(until)s::date + 1)
        AND (%(before)s::bigint IS NULL OR history.sync_id < %(before)s)
        AND CASE coalesce(%(kind)s::text, '')
            WHEN '' THEN TRUE
            WHEN 'manual' THEN history.configuration ? 'asked_by' OR history.run_id LIKE 'manual\_\_%%'
            WHEN 'backfill' THEN history.configuration ? 'is_backfill'
            WHEN 'replay' THEN history.configuration ? 'replay'
            WHEN 'drift' THEN EXISTS (SELECT FROM ops.schema_drift AS drift WHERE drift.sync_id = history.sync_id)
            ELSE history.run_id NOT LIKE 'manual\_\_%%' AND NOT history.configuration ?| ARRAY[
                'asked_by', 'is_backfill', 'replay', 'migrated_from'
            ]
        END
    ORDER BY history.sync_id DESC
    FETCH FIRST 101 ROWS ONLY
)

SELECT * FROM events ORDER BY sync_id DESC
