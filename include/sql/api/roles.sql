-- What the person who asks is; a SUPER_ADMIN would see everybody's.
SELECT grants.role, grants.client_id, grants.location_id, roles.reads_all
FROM access.grants
INNER JOIN access.roles USING (role)
WHERE grants.person = (SELECT access.me())
ORDER BY grants.role, grants.client_id, grants.location_id
