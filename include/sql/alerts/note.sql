-- A failure that happened now, as one of its cause: a new row, or one time more in the row that stands. A further run's
-- failures are counted anew.
INSERT INTO ops.alerts AS known (
    cause, kind, client_id, source, severity, subject, fact, remedy, dag_id, run_id, log_url
)
VALUES (
    %(cause)s, %(kind)s, %(client)s, %(source)s, %(severity)s, %(subject)s, %(fact)s, %(remedy)s, %(dag_id)s,
    %(run_id)s, %(log_url)s
)
ON CONFLICT (cause) WHERE recovered_at IS NULL DO UPDATE SET
    severity = excluded.severity,
    fact = excluded.fact,
    remedy = excluded.remedy,
    times = CASE WHEN known.run_id = excluded.run_id THEN known.times + 1 ELSE 1 END,
    run_id = excluded.run_id,
    log_url = excluded.log_url,
    last_seen_at = now()
RETURNING alert_id, xmax = 0 AS is_new
