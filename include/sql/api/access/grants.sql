SELECT
    grants.grant_id, grants.person, people.user_name, grants.role, grants.client_id, grants.location_id,
    locations.name AS location_name, grants.granted_at, grants.granted_by
FROM access.grants
INNER JOIN access.people USING (person)
LEFT JOIN core.locations ON locations.location_id = grants.location_id
