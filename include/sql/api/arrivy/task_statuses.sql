SELECT
    client_id, account, task_id, entry_id, location_id, place, type, title, type_title, reported_at, reporter_id,
    reporter_name, source, notes, visible_to_customer, synced_at
FROM arrivy.task_statuses
WHERE NOT is_deleted
