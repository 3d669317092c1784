-- Tasks whose history is asked for: those near now, whose status may move without the task's own record moving
-- (section 9, quirk 4), then those whose version was fetched after they were asked for last, the nearest first. A task
-- that is complete or cancelled, or lies far ahead, is not near.
WITH known AS (
    SELECT
        tasks.task_id,
        tasks.location_id,
        tasks.observed_at,
        tasks.start_datetime,
        tasks.start_datetime BETWEEN %(now)s - interval '36 hours' AND %(now)s + interval '12 hours'
        AND coalesce(tasks.status, '') NOT IN ('COMPLETE', 'CANCELLED') AS is_near,
        lookup.record_key AS known_key,
        lookup.asked_at
    FROM arrivy.tasks
    LEFT JOIN ops.lookups AS lookup
        ON lookup.source = 'arrivy' AND tasks.account = lookup.account AND lookup.stream = 'task_statuses'
        AND tasks.task_id = lookup.record_key
        -- an answer of the future is no answer: a clock was wrong (T64)
        AND lookup.asked_at <= now() + interval '1 day'
    WHERE tasks.account = %(account)s AND NOT tasks.is_deleted
)

SELECT
    known.task_id AS record_key,
    CASE WHEN known.is_near THEN 'near' WHEN known.known_key IS NULL THEN 'new' ELSE 'changed' END AS reason,
    known.location_id
FROM known
WHERE known.is_near OR known.known_key IS NULL OR known.asked_at < known.observed_at
ORDER BY
    known.is_near DESC,
    abs(extract(EPOCH FROM known.start_datetime - %(now)s)) NULLS LAST,
    known.task_id
