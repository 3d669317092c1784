SELECT
    client_id, source, account, stream, table_name, scope, reason, field, open_rows, oldest, newest, example_key,
    severity, remedy
FROM ops.quarantine_summary
