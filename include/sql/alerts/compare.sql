-- A client's findings of now as causes, a row each, against what stands: new ones are added, those that are not found
-- any more are over. What one cause is: of freshness a location, or a stream that has none; where more than three
-- tenths of an account's reads are late, the account. Of reconciliation a stream and rule; of the others a stream.
MERGE INTO ops.alerts AS known
USING (
    WITH found AS MATERIALIZED (
        SELECT
            findings.*,
            coalesce(expected.dag_id, findings.source) AS dag_id,
            -- one period late is every stream whose next run is under way
            findings.severity = 'error'
            OR (findings.severity = 'warning' AND (findings.check_name <> 'freshness' OR expected.is_paused)) AS is_told
        FROM ops.findings AS findings
        LEFT JOIN ops.expectations AS expected USING (source, account, stream)
        WHERE findings.client_id = %(client)s
            AND (findings.source, findings.account) IN (SELECT source, account FROM ops.expectations)
    ),

    spread AS (
        SELECT
            source,
            account,
            count(*) FILTER (WHERE is_told) > 1 AND count(*) FILTER (WHERE is_told) > 0.3 * count(*) AS is_wide
        FROM found
        WHERE check_name = 'freshness'
        GROUP BY source, account
    ),

    named AS (
        SELECT
            found.*,
            concat_ws(
                '/', found.check_name, found.source, found.account,
                CASE
                    WHEN found.check_name = 'freshness' AND spread.is_wide THEN NULL
                    WHEN found.check_name = 'freshness' THEN coalesce('at ' || found.location_id, found.stream)
                    WHEN found.check_name = 'reconciliation' THEN found.subject
                    ELSE found.stream
                END
            ) AS cause,
            row_number() OVER worst_first AS place
        FROM found
        LEFT JOIN spread USING (source, account)
        WHERE found.is_told
        WINDOW worst_first AS (
            PARTITION BY found.check_name, found.source, found.account
            ORDER BY found.severity = 'error' DESC, found.worst DESC NULLS LAST, found.subject
        )
    ),

    causes AS (
        SELECT
            cause,
            check_name,
            source,
            account,
            count(*) AS times,
            CASE WHEN count(DISTINCT stream) = 1 THEN min(stream) END AS stream,
            CASE WHEN count(DISTINCT location_id) = 1 AND count(location_id) = count(*) THEN min(location_id) END
            AS location_id,
            CASE WHEN bool_or(severity = 'error') THEN 'error' ELSE 'warning' END AS severity,
            concat_ws(
                ' ', nullif(source, account), account, check_name || ':',
                (array_agg(subject ORDER BY place))[1], 'and ' || nullif(count(*) - 1, 0) || ' more'
            ) AS subject,
            concat_ws(
                ' | ', array_to_string((array_agg(subject || ': ' || fact ORDER BY place))[1:5], ' | '),
                'and ' || nullif(greatest(count(*) - 5, 0), 0) || ' more, see ops.findings'
            ) AS fact,
            (array_agg(remedy ORDER BY place))[1] AS remedy,
            (array_agg(dag_id ORDER BY place))[1] AS dag_id
        FROM named
        GROUP BY cause, check_name, source, account
    )

    SELECT * FROM causes
) AS causes
    ON known.cause = causes.cause AND known.recovered_at IS NULL
WHEN MATCHED THEN UPDATE SET
    severity = causes.severity,
    stream = causes.stream,
    location_id = causes.location_id,
    subject = causes.subject,
    fact = causes.fact,
    remedy = causes.remedy,
    times = causes.times,
    last_seen_at = now()
WHEN NOT MATCHED THEN INSERT (
    cause, kind, client_id, source, account, stream, location_id, severity, subject, fact, remedy, times, dag_id,
    log_url
) VALUES (
    causes.cause, causes.check_name, %(client)s, causes.source, causes.account, causes.stream, causes.location_id,
    causes.severity, causes.subject, causes.fact, causes.remedy, causes.times, causes.dag_id,
    %(ui)s || '/dags/' || causes.dag_id
)
WHEN NOT MATCHED BY SOURCE AND known.client_id = %(client)s AND known.recovered_at IS NULL
    AND known.kind NOT IN ('task', 'deadline')
    THEN UPDATE SET recovered_at = now()
