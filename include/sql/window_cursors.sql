{# How far every window of a run was read whole: the point that the next sync begins from. One that failed, waits or is
   short keeps the old point for all of them. #}
INSERT INTO ops.sync_cursors AS known (source, account, stream, scope, cursor_value)
SELECT
    slices.source,
    slices.account,
    slices.stream,
    min(slices.request ->> 'cursor'),
    to_jsonb(min(slices.request ->> 'until'))
FROM ops.sync_slices AS slices
WHERE slices.sync_id IN (SELECT own.sync_id FROM ops.sync_slices AS own WHERE own.slice_id = ANY(%(slices)s))
    AND slices.stream = %(stream)s
GROUP BY slices.source, slices.account, slices.stream
HAVING bool_and(
    slices.state IN ('done', 'merged') AND slices.request ? 'cursor' AND slices.verdict IS DISTINCT FROM 'short'
)
ON CONFLICT (source, account, stream, scope) DO UPDATE SET cursor_value = excluded.cursor_value, moved_at = now()
WHERE (excluded.cursor_value #>> '{}')::timestamptz > (known.cursor_value #>> '{}')::timestamptz
    -- one of the future was written by a wrong clock (T64)
    OR (known.cursor_value #>> '{}')::timestamptz > now()
