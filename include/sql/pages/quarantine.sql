-- What stands in quarantine, grouped by reason and field, the worst and largest first, with what people decided of it.
SELECT
    summary.client_id,
    summary.source,
    summary.account,
    summary.stream,
    summary.table_name,
    summary.scope,
    summary.reason,
    summary.field,
    summary.open_rows,
    summary.oldest,
    summary.newest,
    summary.severity,
    summary.remedy,
    sample.shape,
    decided.decision IS NOT DISTINCT FROM 'ignored' AS is_ignored,
    decided.decided_by,
    decided.decided_at,
    decided.why
FROM ops.quarantine_summary AS summary
LEFT JOIN LATERAL (
    SELECT ops.masked_sample(newest.quarantine_id)::text AS shape
    FROM ops.quarantine AS newest
    WHERE newest.resolved_at IS NULL AND newest.source = summary.source AND newest.account = summary.account
        AND newest.stream = summary.stream AND newest.table_name = summary.table_name
        AND newest.record_key = summary.example_key AND newest.reason = summary.reason
        AND newest.field = summary.field
    LIMIT 1
) AS sample ON TRUE
LEFT JOIN LATERAL (
    SELECT decisions.* FROM ops.quarantine_decisions AS decisions
    WHERE decisions.client_id = summary.client_id AND decisions.source = summary.source
        AND decisions.account = summary.account AND decisions.stream = summary.stream
        AND decisions.table_name = summary.table_name AND decisions.reason = summary.reason
        AND decisions.field = summary.field
    ORDER BY decisions.decision_id DESC
    LIMIT 1
) AS decided ON TRUE
WHERE (%(source)s::text IS NULL OR summary.source = %(source)s)
    AND (%(reason)s::text IS NULL OR summary.reason = %(reason)s)
ORDER BY
    CASE summary.severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, summary.open_rows DESC, summary.source,
    summary.stream, summary.reason, summary.field
LIMIT 500
