-- A complete snapshot shows every row there is: what was in quarantine and is not in it any more is settled.
UPDATE ops.quarantine AS open SET resolved_at = now(), resolution = 'no longer sent'
FROM ops.sync_slices AS slices
WHERE slices.slice_id = ANY(%(slices)s) AND open.resolved_at IS NULL AND open.source = %(source)s
    AND open.stream = %(stream)s AND open.account = slices.account AND open.sync_id <> %(sync_id)s
    AND open.last_seen_at < slices.fetched_from
