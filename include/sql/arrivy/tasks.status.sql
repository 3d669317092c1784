-- tasks.status: the newest entry of a task's history is the truth (section 9, quirk 4); entries of one instant go by
-- their place in the vendor's list. Without a history it is what the list says. No part of the row's hash.
WITH touched AS (
    SELECT task_id FROM arrivy.tasks
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION
    SELECT task_id FROM arrivy.task_statuses
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
),

newest AS (
    SELECT DISTINCT ON (told.task_id)
        told.task_id,
        told.type,
        coalesce(told.title, told.type_title) AS title,
        told.reported_at,
        told.reporter_id
    FROM arrivy.task_statuses AS told
    WHERE told.client_id = %(client)s AND told.account = %(account)s AND NOT told.is_deleted
        AND told.task_id IN (SELECT touched.task_id FROM touched)
    ORDER BY told.task_id, told.reported_at DESC, told.place DESC
),

news AS (
    SELECT
        tasks.task_id,
        CASE WHEN newest.task_id IS NULL THEN tasks.listed_status ELSE newest.type END AS status,
        CASE WHEN newest.task_id IS NULL THEN tasks.listed_status_title ELSE newest.title END AS status_title,
        newest.reported_at AS status_at,
        newest.reporter_id AS status_reporter_id
    FROM arrivy.tasks
    LEFT JOIN newest USING (task_id)
    WHERE tasks.client_id = %(client)s AND tasks.account = %(account)s
        AND tasks.task_id IN (SELECT touched.task_id FROM touched)
)

UPDATE arrivy.tasks AS target SET
    status = news.status,
    status_title = news.status_title,
    status_at = news.status_at,
    status_reporter_id = news.status_reporter_id,
    synced_at = now(),
    sync_id = coalesce(%(sync_id)s, target.sync_id)
FROM news
WHERE target.client_id = %(client)s AND target.account = %(account)s AND target.task_id = news.task_id
    AND (target.status, target.status_title, target.status_at, target.status_reporter_id)
    IS DISTINCT FROM (news.status, news.status_title, news.status_at, news.status_reporter_id)
