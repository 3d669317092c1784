SELECT
    audit_id, at, action, done_by, user_name, login, table_name, row_key, person, client_id, location_id, before, after
FROM access.audit
