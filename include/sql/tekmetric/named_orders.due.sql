-- Repair orders to ask for by id beyond those that a run names: what was wanted and not asked for yet.
SELECT
    lookup.record_key,
    'named' AS reason
FROM ops.lookups AS lookup
WHERE lookup.source = 'tekmetric' AND lookup.account = %(account)s AND lookup.stream = 'named_orders'
    AND lookup.wanted IS NOT NULL
ORDER BY lookup.record_key
