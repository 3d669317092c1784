-- What came of a run's events: done where everything that they ask for was fetched and merged; else they wait, longer
-- each time, until they are given up. Polling reads what they told of in any case.
WITH outcome AS (
    SELECT
        event.event_id,
        bool_and(coalesce(slices.is_merged, FALSE)) AS is_done,
        max(coalesce(slices.error_message, 'it was not asked for: see the notes of `plan`'))
        FILTER (WHERE slices.is_merged IS NOT TRUE) AS why
    FROM ops.inbox_events AS event
    CROSS JOIN jsonb_each_text(event.asks) AS asked (stream, record_key)
    LEFT JOIN LATERAL (
        SELECT
            found.state = 'merged' AS is_merged,
            found.error_message
        FROM ops.sync_slices AS found
        WHERE found.source = event.source AND found.account = event.account AND found.stream = asked.stream
            AND found.dag_id = %(dag_id)s AND found.run_id = %(run_id)s
            AND found.request -> 'keys' ? asked.record_key
        ORDER BY found.slice_id DESC
        LIMIT 1
    ) AS slices ON TRUE
    WHERE event.source = %(source)s AND event.account = %(account)s AND event.state = 'taken'
        AND event.taken_by = %(run_id)s
    GROUP BY event.event_id
)

UPDATE ops.inbox_events AS event SET
    state = CASE WHEN outcome.is_done THEN 'done' WHEN event.attempts < %(attempts)s THEN 'pending' ELSE 'dead' END,
    ended_at = CASE WHEN outcome.is_done OR event.attempts >= %(attempts)s THEN now() END,
    due_at = now() + event.attempts * %(wait)s,
    why = CASE WHEN NOT outcome.is_done THEN left(outcome.why, 2000) END
FROM outcome
WHERE event.event_id = outcome.event_id
RETURNING event.state
