-- Whom the person who asks may see, and as what: of a role in a client that he does not see, nothing.
SELECT
    person, user_name, db_role,
    (
        SELECT string_agg(DISTINCT role, ', ' ORDER BY role) FROM access.grants
        WHERE grants.person = people.person
    ) AS roles
FROM access.people
