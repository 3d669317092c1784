-- The oldest event of a source that a run would take now; null where there is none.
SELECT min(event_id) AS event_id FROM ops.inbox_events
WHERE source = %(source)s AND state IN ('pending', 'taken') AND due_at <= now()
