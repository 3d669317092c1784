SELECT
    client_id, account, status_id, title, name, description, type, visible_to_customer, require_signature,
    require_rating, is_active, created, updated, synced_at
FROM arrivy.status_definitions
WHERE NOT is_deleted
