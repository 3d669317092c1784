{# The rows of a table against the lists that fill it, where each of them was read whole: one slice, all of it. A merge
   adds its counts in its own transaction, so that both sides of one statement are of one moment, whatever runs. #}
WITH listed AS (
    SELECT newest.listed, newest.rejected
    FROM unnest(%(streams)s::text[]) AS list (stream)
    CROSS JOIN LATERAL (
        SELECT
            history.records_fetched - history.duplicates - history.quarantined AS listed,
            history.quarantined AS rejected
        FROM ops.sync_history AS history
        CROSS JOIN LATERAL (
            SELECT bool_and(
                slices.state = 'merged' AND slices.scope = 'all'
                AND coalesce(slices.verdict, '') NOT IN ('short', 'lacking')
            ) AS is_complete
            FROM ops.sync_slices AS slices
            WHERE slices.sync_id = history.sync_id
        ) AS of_sync
        WHERE history.crm_source = %(source)s AND history.account = %(account)s AND history.sync_type = list.stream
            AND history.start_time <= now() AND core.is_routine(history.configuration) AND of_sync.is_complete
        ORDER BY history.start_time DESC
        LIMIT 1
    ) AS newest
)

INSERT INTO ops.tallies AS known (
    source, account, table_name, client_id, streams, is_snapshot, listed, rejected, live
)
SELECT
    %(source)s,
    %(account)s,
    {{ table | literal }},
    %(client)s,
    array_to_string(%(streams)s::text[], ', '),
    %(is_snapshot)s,
    sum(listed),
    sum(rejected),
    (
        SELECT count(*) FROM {{ table | ident }} AS rows
        WHERE rows.client_id = %(client)s AND rows.account = %(account)s AND NOT rows.is_deleted
    )
FROM listed
HAVING count(*) = cardinality(%(streams)s::text[])
ON CONFLICT (source, account, table_name) DO UPDATE SET
    client_id = excluded.client_id,
    streams = excluded.streams,
    is_snapshot = excluded.is_snapshot,
    listed = excluded.listed,
    rejected = excluded.rejected,
    live = excluded.live,
    counted_at = excluded.counted_at
