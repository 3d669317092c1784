SELECT
    client_id, account, entity_id, location_id, group_id, additional_group_ids, name, username, type, external_id,
    email, phone, is_active, is_disabled, permission, user_type, invite_status, city, state, country, skill_ids,
    joined_datetime, created, updated, synced_at
FROM arrivy.entities
WHERE NOT is_deleted
