-- Whether the person who asks may, the function decides.
SELECT person, role, client_id, location_id FROM access.revoke_grant(%(grant_id)s::integer)
