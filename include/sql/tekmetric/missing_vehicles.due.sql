-- Vehicles to ask for by id: those that a repair order names and the warehouse lacks (T42), under whatever shop they
-- would be. What the vendor did not have is asked for again a day later.
SELECT DISTINCT ON (named.tm_vehicle_id)
    named.tm_vehicle_id::text AS record_key,
    'missing' AS reason,
    named.location_id
FROM tekmetric.repair_orders AS named
WHERE named.account = %(account)s AND NOT named.is_deleted AND named.tm_vehicle_id IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM tekmetric.vehicles
        WHERE vehicles.client_id = named.client_id AND vehicles.account = named.account
            AND vehicles.tm_id = named.tm_vehicle_id
    )
    AND NOT EXISTS (
        SELECT FROM ops.lookups AS lookup
        WHERE lookup.source = 'tekmetric' AND lookup.account = named.account AND lookup.stream = 'missing_vehicles'
            AND lookup.record_key = named.tm_vehicle_id::text
            -- an answer of the future is no answer: a clock was wrong (T64)
            AND lookup.asked_at BETWEEN %(now)s - interval '1 day' AND now() + interval '1 day'
    )
ORDER BY named.tm_vehicle_id, named.location_id
