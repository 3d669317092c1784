-- When each account was last read with success, and when it last failed and why: the sweep, which every sync makes.
SELECT
    accounts.client_id, accounts.account, accounts.conn_id, good.start_time::text AS last_success_at,
    bad.start_time::text AS last_failure_at, bad.error_message AS last_failure
FROM core.accounts
LEFT JOIN LATERAL (
    SELECT history.start_time
    FROM ops.sync_history AS history
    WHERE history.crm_source = 'smartmoving' AND history.sync_type = 'customers'
        AND history.client_id = accounts.client_id AND history.account = accounts.account
        AND history.status = 'success'
    ORDER BY history.start_time DESC
    LIMIT 1
) AS good ON TRUE
LEFT JOIN LATERAL (
    SELECT history.start_time, history.error_message
    FROM ops.sync_history AS history
    WHERE history.crm_source = 'smartmoving' AND history.sync_type = 'customers'
        AND history.client_id = accounts.client_id AND history.account = accounts.account
        AND history.status IN ('failed', 'partial')
    ORDER BY history.start_time DESC
    LIMIT 1
) AS bad ON TRUE
WHERE accounts.source = 'smartmoving'
ORDER BY accounts.client_id, accounts.account
