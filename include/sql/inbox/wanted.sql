-- What a run has to ask for: each id once.
SELECT DISTINCT
    asked.stream,
    asked.record_key
FROM ops.inbox_events AS event
CROSS JOIN jsonb_each_text(event.asks) AS asked (stream, record_key)
WHERE event.source = %(source)s AND event.account = %(account)s AND event.state = 'taken'
    AND event.taken_by = %(run_id)s
ORDER BY asked.stream, asked.record_key
