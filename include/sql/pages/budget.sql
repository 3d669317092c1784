-- Each credential's calls of this month by UTC days, as the vendors count them, with a straight line to its end.
WITH calendar AS (
    SELECT
        (now() AT TIME ZONE 'UTC')::date AS today,
        date_trunc('month', now() AT TIME ZONE 'UTC')::date AS first_day,
        (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month')::date AS next_month
)

SELECT
    calls.source,
    calls.account,
    accounts.conn_id,
    sum(calls.calls)::bigint AS used,
    coalesce(sum(calls.calls) FILTER (WHERE calls.called_on = calendar.today), 0)::bigint AS today,
    round(
        sum(calls.calls) * (calendar.next_month - calendar.first_day)::numeric
        / (calendar.today - calendar.first_day + 1)
    )::bigint AS projected
FROM calendar
INNER JOIN ops.api_calls AS calls ON calls.called_on >= calendar.first_day
LEFT JOIN core.accounts USING (source, account)
GROUP BY calls.source, calls.account, accounts.conn_id, calendar.today, calendar.first_day, calendar.next_month
ORDER BY used DESC, calls.source, calls.account
