-- Whether the person who asks may, the function decides.
SELECT grant_id, is_new FROM access.grant_role(%(user)s, %(role)s, %(client)s, %(location)s::integer)
