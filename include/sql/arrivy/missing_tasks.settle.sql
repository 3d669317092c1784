-- The history of a task that the vendor no longer has goes with it.
UPDATE arrivy.task_statuses AS target SET
    is_deleted = TRUE, deleted_at = now(), synced_at = now(), observed_at = tasks.observed_at, sync_id = %(sync_id)s
FROM arrivy.tasks
WHERE tasks.sync_id = %(sync_id)s AND tasks.is_deleted AND NOT target.is_deleted
    AND target.client_id = tasks.client_id AND target.account = tasks.account AND target.task_id = tasks.task_id
