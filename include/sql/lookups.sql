-- Remember what was asked for by id: when, why, and whether the vendor had it.
INSERT INTO ops.lookups AS lookup (source, account, stream, record_key, asked_at, reason, was_found, wanted)
SELECT DISTINCT ON (slices.source, slices.account, slices.stream, keys.record_key)
    slices.source,
    slices.account,
    slices.stream,
    keys.record_key,
    slices.fetched_from,
    slices.request -> 'reasons' ->> (keys.place - 1)::integer,
    NOT EXISTS (
        SELECT FROM landed
        WHERE landed.flaw = 'not_found' AND landed.is_own AND landed.asked = keys.record_key
    ),
    NULL
FROM ops.sync_slices AS slices
CROSS JOIN jsonb_array_elements_text(slices.request -> 'keys') WITH ORDINALITY AS keys (record_key, place)
WHERE slices.slice_id = ANY(%(slices)s)
ORDER BY slices.source, slices.account, slices.stream, keys.record_key, slices.fetched_from DESC
ON CONFLICT (source, account, stream, record_key) DO UPDATE SET
    asked_at = excluded.asked_at, reason = excluded.reason, was_found = excluded.was_found, wanted = NULL
WHERE lookup.asked_at <= excluded.asked_at
    -- one of the future was written by a wrong clock: an answer of today puts it right (T64)
    OR lookup.asked_at > now() + interval '1 day'
