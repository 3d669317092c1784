-- smartmoving.users: one row an office user. Titles are empty for a third, branches null for a third (section 11.11).
SELECT
    landed.record_id,
    body ->> 'id' AS user_id,
    body ->> 'name' AS name,
    core.as_text(body ->> 'title') AS title,
    core.as_text(body ->> 'email') AS email,
    body #>> '{primaryBranch,id}' AS branch_id,
    body #>> '{role,name}' AS role_name
FROM landed
