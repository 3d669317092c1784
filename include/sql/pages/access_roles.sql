-- The roles that the person who asks grants somewhere; none at all for most people.
SELECT role, description
FROM access.roles
WHERE
    access.may_grant(role, NULL)
    OR EXISTS (SELECT FROM core.clients WHERE access.may_grant(role, clients.client_id))
ORDER BY role
