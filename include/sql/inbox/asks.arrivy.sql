-- Every event is about a task (section 8), which the vendor answers for by id, and so for its status history; one that
-- was deleted is asked for too, and the answer "not found" makes the tombstone.
SELECT
    event_id,
    CASE
        WHEN object_type = 'TASK' AND object_id <> '' AND event_type IN (
            'TASK_CREATED', 'TASK_UPDATED', 'TASK_DELETED', 'TASK_CANCELLED', 'TASK_COMPLETED', 'TASK_STATUS',
            'TASK_RESCHEDULED', 'TASK_GROUP_CHANGED', 'TASK_RATING', 'TASK_TEMPLATE_EXTRA_FIELDS_UPDATED',
            'CREW_ASSIGNED', 'CREW_REMOVED', 'EQUIPMENT_ASSIGNED', 'EQUIPMENT_REMOVED', 'ARRIVING', 'LATE', 'NOSHOW',
            'CUSTOMER_NOTE'
        ) THEN jsonb_build_object('missing_tasks', object_id, 'task_statuses', object_id)
    END AS asks,
    CASE
        WHEN object_type = 'TASK' THEN 'an event of a kind that is not known'
        ELSE 'an event that is not about a task'
    END AS why
FROM taken
