SELECT
    client_id, account, crew_id, name, owner, created, updated, synced_at
FROM arrivy.crews
WHERE NOT is_deleted
