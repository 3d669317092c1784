-- Take what is due of an account, oldest first, and leave what another run holds. One that was taken and never ended is
-- due again when its lease is over; one that was taken too often is given up.
WITH due AS (
    SELECT event_id FROM ops.inbox_events
    WHERE source = %(source)s AND account = %(account)s AND state IN ('pending', 'taken') AND due_at <= now()
    ORDER BY event_id
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)

UPDATE ops.inbox_events AS event SET
    state = CASE WHEN event.attempts < %(attempts)s THEN 'taken' ELSE 'dead' END,
    attempts = least(event.attempts + 1, %(attempts)s),
    taken_by = %(run_id)s,
    due_at = now() + %(lease)s,
    ended_at = CASE WHEN event.attempts < %(attempts)s THEN NULL ELSE now() END,
    why = CASE
        WHEN event.attempts < %(attempts)s THEN event.why
        ELSE coalesce(event.why, 'the runs that took it ended without saying what came of it')
    END
FROM due
WHERE event.event_id = due.event_id
