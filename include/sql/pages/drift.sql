-- What vendors send that nobody declared, the newest first.
SELECT drift.source, drift.stream, drift.kind, drift.subject, drift.first_seen_at, history.dag_id, history.run_id
FROM ops.schema_drift AS drift
LEFT JOIN ops.sync_history AS history USING (sync_id)
WHERE %(source)s::text IS NULL OR drift.source = %(source)s
ORDER BY drift.first_seen_at DESC, drift.source, drift.stream, drift.kind, drift.subject
LIMIT 200
