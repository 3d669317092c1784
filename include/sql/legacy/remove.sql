-- What the copy wrote, and nothing else.
DELETE FROM ops.sync_history
WHERE dag_id = %(dag_id)s AND crm_source = %(source)s AND account = %(account)s
    AND configuration ->> 'migrated_from' = %(table)s
