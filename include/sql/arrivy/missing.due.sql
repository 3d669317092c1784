-- What a complete list no longer shows, asked for by id.
SELECT
    lookup.record_key,
    'missing' AS reason
FROM ops.lookups AS lookup
WHERE lookup.source = 'arrivy' AND lookup.account = %(account)s AND lookup.stream = %(stream)s
    AND lookup.wanted IS NOT NULL
ORDER BY lookup.record_key
