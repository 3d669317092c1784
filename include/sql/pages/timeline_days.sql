-- Syncs a UTC day of the last %(days)s, by how they ended.
SELECT
    (start_time AT TIME ZONE 'UTC')::date AS day,
    count(*) FILTER (WHERE status = 'success') AS success,
    count(*) FILTER (WHERE status = 'partial') AS partial,
    count(*) FILTER (WHERE status = 'failed') AS failed
FROM ops.sync_history
WHERE start_time >= (now() AT TIME ZONE 'UTC')::date - (%(days)s - 1)
    AND (%(source)s::text IS NULL OR crm_source = %(source)s) AND (%(dag_id)s::text IS NULL OR dag_id = %(dag_id)s)
    AND (%(stream)s::text IS NULL OR sync_type = %(stream)s)
GROUP BY day
ORDER BY day
