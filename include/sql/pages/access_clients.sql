-- Where the person who asks grants roles: each client, and its locations by name.
SELECT
    clients.client_id, coalesce(clients.name, clients.client_id) AS name,
    ARRAY(
        SELECT json_build_object('location_id', location_id, 'name', name, 'source', source) FROM core.locations
        WHERE locations.client_id = clients.client_id
        ORDER BY source, name, location_id
    ) AS locations
FROM core.clients
WHERE access.may_grant('MOVER', client_id)
ORDER BY name, client_id
