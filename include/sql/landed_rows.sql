{# The records that one sync's stream has landed, beside whatever a later-fetched, already merged slice landed of the same
   stream (is_own = false): those are not merged again, they only make an older observation recognisable as stale. #}
SELECT
    records.record_id,
    records.slice_id,
    records.body,
    records.body_raw,
    records.flaw,
    records.asked,
    records.page,
    records.ordinal,
    records.fetched_at,
    slices.slice_id = ANY(({{ slices | literal }}::bigint[])) AS is_own,
    slices.source,
    slices.client_id,
    slices.account,
    slices.stream,
    slices.location_id,
    slices.window_start,
    slices.window_end
FROM landing.records
INNER JOIN ops.sync_slices AS slices USING (slice_id)
WHERE slices.slice_id = ANY(({{ slices | literal }}::bigint[])) OR slices.slice_id = ANY(({{ rivals | literal }}::bigint[]))
