-- What stands has no recovered_at; since when somebody knows, told_at says. Who was told is the operator's.
SELECT
    alert_id, client_id, source, account, stream, location_id, kind,
    CASE WHEN recovered_at IS NULL THEN 'open' ELSE 'recovered' END AS state,
    severity, subject, fact, remedy, times, dag_id, run_id, log_url, first_seen_at, last_seen_at, told_at, recovered_at,
    folded_into
FROM ops.alerts
