-- Grants that the person who asks sees, by person; `may_revoke` says which of them he may take.
SELECT
    grants.*, access.may_grant(role, client_id) AS may_revoke
FROM (
{% include 'api/access/grants.sql' %}
) AS grants
WHERE concat_ws(' ', person, user_name) ILIKE %(search)s
ORDER BY person, role, client_id, location_name, grant_id
LIMIT %(limit)s
