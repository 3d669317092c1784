-- Slices of the stream that were merged before ours and fetched after ours began.
SELECT rival.slice_id
FROM ops.sync_slices AS rival
INNER JOIN (
    SELECT source, account, client_id, min(fetched_from) AS began
    FROM ops.sync_slices
    WHERE slice_id = ANY(%(slices)s)
    GROUP BY source, account, client_id
) AS own USING (source, account, client_id)
WHERE rival.state = 'merged' AND rival.stream = %(stream)s AND rival.fetched_to > own.began
    AND rival.slice_id <> ALL(%(slices)s)
