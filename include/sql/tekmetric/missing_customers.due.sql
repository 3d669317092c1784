-- Customers to ask for by id: those that a repair order or a vehicle names and the warehouse lacks (T42), under
-- whatever shop they would be. What the vendor did not have is asked for again a day later.
SELECT DISTINCT ON (named.tm_id)
    named.tm_id::text AS record_key,
    'missing' AS reason,
    named.location_id
FROM (
    SELECT client_id, account, tm_customer_id AS tm_id, location_id FROM tekmetric.repair_orders
    WHERE account = %(account)s AND NOT is_deleted
    UNION ALL
    SELECT client_id, account, tm_customer_id AS tm_id, location_id FROM tekmetric.vehicles
    WHERE account = %(account)s AND NOT is_deleted
) AS named
WHERE named.tm_id IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM tekmetric.customers
        WHERE customers.client_id = named.client_id AND customers.account = named.account
            AND customers.tm_id = named.tm_id
    )
    AND NOT EXISTS (
        SELECT FROM ops.lookups AS lookup
        WHERE lookup.source = 'tekmetric' AND lookup.account = named.account AND lookup.stream = 'missing_customers'
            AND lookup.record_key = named.tm_id::text
            -- an answer of the future is no answer: a clock was wrong (T64)
            AND lookup.asked_at BETWEEN %(now)s - interval '1 day' AND now() + interval '1 day'
    )
ORDER BY named.tm_id, named.location_id
