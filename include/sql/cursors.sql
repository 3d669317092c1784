{# Where the next sync of a stream begins, a location or id: the newest time of change in a complete slice. What the vendor
   dates later than the slice's own end is not believed: it was let through by no filter. #}
INSERT INTO ops.sync_cursors AS known (source, account, stream, scope, cursor_value)
SELECT
    slices.source,
    slices.account,
    slices.stream,
    slices.request ->> 'cursor',
    to_jsonb(max(least(newest.at, (slices.request ->> 'until')::timestamptz)))
FROM ops.sync_slices AS slices
INNER JOIN (
    SELECT
        landed.slice_id,
        max(staged.source_updated_at) AS at
    FROM {{ root.staged | ident }} AS staged
    INNER JOIN landed USING (record_id)
    WHERE landed.is_own
    GROUP BY landed.slice_id
) AS newest USING (slice_id)
WHERE slices.slice_id = ANY(%(slices)s) AND slices.request ? 'cursor'
    AND slices.verdict IS DISTINCT FROM 'short' AND newest.at IS NOT NULL
GROUP BY slices.source, slices.account, slices.stream, slices.request ->> 'cursor'
ON CONFLICT (source, account, stream, scope) DO UPDATE SET cursor_value = excluded.cursor_value, moved_at = now()
WHERE (excluded.cursor_value #>> '{}')::timestamptz > (known.cursor_value #>> '{}')::timestamptz
    -- one of the future was written by a wrong clock: a full run puts it right (T64)
    OR (known.cursor_value #>> '{}')::timestamptz > now()
