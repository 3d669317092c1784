{# Records that a complete list no longer shows, whatever list it is of: everything there is. They are asked for by id; one
   that was asked for within a day and is there, though no list shows it, is not asked for again. #}
SELECT DISTINCT
    lists.source,
    lists.account,
    {{ confirming | literal }} AS stream,
    known.{{ root.key[0] | ident }}::text AS record_key
FROM {{ root.target | ident }} AS known
INNER JOIN ops.sync_slices AS lists
    ON known.client_id = lists.client_id AND known.account = lists.account AND lists.slice_id = ANY(%(slices)s)
LEFT JOIN ops.lookups AS lookup
    ON lists.source = lookup.source AND lists.account = lookup.account AND lookup.stream = {{ confirming | literal }}
    AND known.{{ root.key[0] | ident }}::text = lookup.record_key
WHERE NOT known.is_deleted AND known.observed_at <= lists.fetched_to
    -- a list that is not there, or is not whole, proves no absence
    AND lists.verdict IS DISTINCT FROM 'lacking' AND lists.verdict IS DISTINCT FROM 'short'
    AND (
        lookup.reason IS DISTINCT FROM 'missing' OR NOT lookup.was_found
        OR lookup.asked_at < lists.fetched_from - interval '1 day'
        -- an answer of the future is no answer: a clock was wrong (T64)
        OR lookup.asked_at > now() + interval '1 day'
    )
    AND NOT EXISTS (
        SELECT FROM {{ root.staged | ident }} AS staged
        WHERE staged.{{ root.key[0] | ident }} = known.{{ root.key[0] | ident }}
    )
