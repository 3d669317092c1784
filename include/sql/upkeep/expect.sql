-- ops.expectations as the accounts and DAGs declare it now. What is new, has another period or was unpaused is expected
-- from now on; what a wrong clock wrote, too.
MERGE INTO ops.expectations AS known
USING (
    SELECT
        source, account, client_id, stream, dag_id, justify_hours(make_interval(secs => seconds)) AS period, is_paused
    FROM jsonb_to_recordset(%(declared)s::jsonb) AS declared (
        source text, account text, client_id text, stream text, dag_id text, seconds double precision, is_paused boolean
    )
) AS declared
    ON known.source = declared.source AND known.account = declared.account AND known.stream = declared.stream
WHEN MATCHED AND (
    (known.client_id, known.dag_id, known.period, known.is_paused)
    IS DISTINCT FROM (declared.client_id, declared.dag_id, declared.period, declared.is_paused)
    OR known.since > now()
) THEN UPDATE SET
    client_id = declared.client_id,
    dag_id = declared.dag_id,
    period = declared.period,
    is_paused = declared.is_paused,
    since = CASE
        WHEN known.period IS DISTINCT FROM declared.period OR (known.is_paused AND NOT declared.is_paused) THEN now()
        ELSE least(known.since, now())
    END
WHEN NOT MATCHED THEN INSERT (source, account, stream, client_id, dag_id, period, is_paused)
    VALUES (
        declared.source, declared.account, declared.stream, declared.client_id, declared.dag_id, declared.period,
        declared.is_paused
    )
WHEN NOT MATCHED BY SOURCE THEN DELETE
