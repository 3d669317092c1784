-- A channel has taken a message.
UPDATE ops.alerts SET
    told_at = now(),
    told = told || jsonb_build_object(
        %(channel)s::text,
        jsonb_build_object('severity', %(severity)s::text, 'at', now(), 'recovered', %(recovered)s::boolean)
    )
WHERE alert_id = %(alert_id)s
