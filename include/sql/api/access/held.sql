-- Grants of a user, of a client or at a location, where one is named; with a role, the one grant of exactly that.
SELECT *
FROM (
{% include 'api/access/grants.sql' %}
) AS held
WHERE
    (%(user)s::text IS NULL OR user_name = %(user)s)
    AND (%(client)s::text IS NULL OR client_id = %(client)s)
    AND (%(location)s::integer IS NULL OR location_id = %(location)s)
    AND (
        %(role)s::text IS NULL
        OR (
            role = %(role)s
            AND client_id IS NOT DISTINCT FROM %(client)s::text
            AND location_id IS NOT DISTINCT FROM %(location)s::integer
        )
    )
ORDER BY user_name, role, client_id, location_id, grant_id
