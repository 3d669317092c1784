-- What stands, and what is over and not told to everybody who was told of it. After a week nobody waits for that.
SELECT *, now() AS asked_at
FROM ops.alerts
WHERE recovered_at IS NULL
    OR (
        recovered_at > now() - interval '7 days' AND folded_into IS NULL
        AND EXISTS (SELECT FROM jsonb_each(told) AS channel WHERE NOT (channel.value ->> 'recovered')::boolean)
    )
ORDER BY recovered_at IS NULL DESC, severity = 'error' DESC, first_seen_at, alert_id
