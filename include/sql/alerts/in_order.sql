-- A run was in order: what earlier runs of its DAG failed of is over.
UPDATE ops.alerts SET recovered_at = now()
WHERE dag_id = %(dag_id)s AND kind IN ('task', 'deadline') AND recovered_at IS NULL
    AND (%(is_routine)s OR run_id = %(run_id)s)
