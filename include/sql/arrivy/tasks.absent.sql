-- Tasks that a complete list should show and does not: moved, unscheduled, hidden or deleted. They are asked for by id,
-- and only a 404 there makes a tombstone (section 9, quirk 5). One that was asked for within a day and is there, though
-- no list shows it, is not asked for again.
SELECT DISTINCT
    lists.source,
    lists.account,
    'missing_tasks' AS stream,
    known.task_id AS record_key
FROM arrivy.tasks AS known
INNER JOIN ops.sync_slices AS lists
    ON known.client_id = lists.client_id AND known.account = lists.account AND lists.slice_id = ANY(%(slices)s)
LEFT JOIN ops.lookups AS lookup
    ON lookup.source = 'arrivy' AND known.account = lookup.account AND lookup.stream = 'missing_tasks'
    AND known.task_id = lookup.record_key
WHERE NOT known.is_deleted AND known.observed_at <= lists.fetched_to
    -- a list that may be cut proves no absence
    AND lists.verdict IS DISTINCT FROM 'short'
    AND CASE lists.stream
        WHEN 'tasks' THEN
            known.start_datetime >= coalesce((lists.request #>> '{params,from}')::timestamptz, '-infinity')
            AND known.start_datetime < coalesce((lists.request #>> '{params,to}')::timestamptz, 'infinity')
        WHEN 'unscheduled_tasks' THEN known.start_datetime IS NULL AND known.unscheduled IS TRUE
        WHEN 'undated_tasks' THEN known.start_datetime IS NULL AND known.unscheduled IS NOT TRUE
    END
    AND (
        lookup.reason IS DISTINCT FROM 'missing' OR NOT lookup.was_found
        OR lookup.asked_at < lists.fetched_from - interval '1 day'
        -- an answer of the future is no answer: a clock was wrong (T64)
        OR lookup.asked_at > now() + interval '1 day'
    )
    AND NOT EXISTS (SELECT FROM staged_tasks AS staged WHERE staged.task_id = known.task_id)
