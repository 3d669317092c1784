-- What ops.findings says of a client's configured accounts, worst first; kept in ops.check_results, a row an account
-- and check, good ones too.
WITH found AS MATERIALIZED (
    SELECT * FROM ops.findings
    WHERE client_id = %(client)s AND (source, account) IN (SELECT source, account FROM ops.expectations)
),

kept AS (
    INSERT INTO ops.check_results
    (source, account, client_id, check_name, severity, checked, failed, worst, examples, dag_id, run_id)
    SELECT
        accounts.source,
        accounts.account,
        %(client)s,
        checks.check_name,
        CASE
            WHEN bool_or(found.severity = 'error') THEN 'error'
            WHEN bool_or(found.severity = 'warning') THEN 'warning'
            ELSE 'info'
        END,
        count(found.check_name),
        count(*) FILTER (WHERE found.severity <> 'info'),
        max(found.worst) FILTER (WHERE found.severity <> 'info'),
        coalesce(
            to_jsonb((
                array_agg(
                    jsonb_build_object('key', found.subject, 'severity', found.severity, 'fact', found.fact)
                    ORDER BY found.severity = 'error' DESC, found.worst DESC NULLS LAST, found.subject
                ) FILTER (WHERE found.severity <> 'info')
            )[1:10]), '[]'::jsonb
        ),
        %(dag_id)s,
        %(run_id)s
    FROM (SELECT DISTINCT source, account FROM ops.expectations WHERE client_id = %(client)s) AS accounts
    CROSS JOIN unnest(ARRAY['freshness', 'reconciliation', 'quarantine', 'volume']) AS checks (check_name)
    LEFT JOIN found USING (source, account, check_name)
    GROUP BY accounts.source, accounts.account, checks.check_name
)

SELECT source, account, check_name, severity, subject, fact, remedy
FROM found
WHERE severity <> 'info'
ORDER BY severity = 'error' DESC, worst DESC NULLS LAST, source, account, check_name, subject
