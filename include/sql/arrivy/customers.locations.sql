-- customers.location_ids: where a customer's tasks and bookings are. It is no part of the row's hash.
WITH touched AS (
    SELECT customer_id FROM arrivy.tasks
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT customer_id FROM arrivy.bookings
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT customer_id FROM arrivy.customers
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
),

places AS (
    SELECT customer_id, location_id FROM arrivy.tasks
    WHERE client_id = %(client)s AND account = %(account)s AND NOT is_deleted
        AND customer_id IN (SELECT touched.customer_id FROM touched)
    UNION
    SELECT customer_id, location_id FROM arrivy.bookings
    WHERE client_id = %(client)s AND account = %(account)s AND NOT is_deleted
        AND customer_id IN (SELECT touched.customer_id FROM touched)
),

known AS (
    SELECT
        touched.customer_id,
        coalesce(
            array_agg(places.location_id ORDER BY places.location_id) FILTER (WHERE places.location_id IS NOT NULL),
            '{}'
        ) AS location_ids
    FROM touched
    LEFT JOIN places USING (customer_id)
    GROUP BY touched.customer_id
)

UPDATE arrivy.customers AS target SET location_ids = known.location_ids
FROM known
WHERE target.client_id = %(client)s AND target.account = %(account)s AND target.customer_id = known.customer_id
    AND target.location_ids <> known.location_ids
