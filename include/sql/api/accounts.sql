-- The accounts that the person who asks sees, with the calls of this month by UTC days, as the vendors count them.
SELECT
    accounts.client_id, clients.name AS client_name, accounts.source, accounts.account, accounts.conn_id,
    (
        SELECT count(*) FROM core.locations
        WHERE locations.client_id = accounts.client_id AND locations.source = accounts.source
            AND locations.account = accounts.account AND locations.is_mapped
    ) AS locations,
    (
        SELECT coalesce(sum(calls), 0)::bigint FROM ops.api_calls
        WHERE api_calls.source = accounts.source AND api_calls.account = accounts.account
            AND api_calls.called_on >= date_trunc('month', now() AT TIME ZONE 'UTC')
    ) AS calls_this_month
FROM core.accounts
LEFT JOIN core.clients USING (client_id)
WHERE %(source)s::text IS NULL OR accounts.source = %(source)s::text
ORDER BY accounts.client_id, accounts.source, accounts.account
