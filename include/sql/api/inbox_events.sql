-- Events of a source that the person who asks may see, by type and state.
SELECT
    account,
    coalesce(event_type, '') AS event_type,
    state,
    count(*) AS events,
    max(received_at) AS last_received_at
FROM ops.inbox_events
WHERE source = %(source)s
GROUP BY account, event_type, state
ORDER BY account, event_type, state
