{# Staging to warehouse: only rows that differ are written; the database counts. #}
WITH merged AS (
    MERGE INTO {{ table.target | ident }} AS target
    USING (
        SELECT DISTINCT ON ({{ table.key_list }})
            staged.*,
            landed.client_id,
            landed.account,
            landed.fetched_at
        FROM {{ table.staged | ident }} AS staged
        INNER JOIN verdicts USING (record_id)
        INNER JOIN landed USING (record_id)
        WHERE verdicts.is_newest
        ORDER BY {{ table.key_list }}, landed.fetched_at DESC, staged.record_id DESC
    ) AS staged
    ON target.client_id = staged.client_id AND target.account = staged.account
    {% for name in table.key %}
    AND target.{{ name | ident }} = staged.{{ name | ident }}
    {% endfor %}
    WHEN MATCHED AND (target.row_hash <> staged.row_hash OR target.is_deleted OR {{ force | literal }}) THEN UPDATE SET
        {% for column in table.columns if column.name not in table.key %}
        {{ column.name | ident }} = staged.{{ column.name | ident }},
        {% endfor %}
        observed_at = staged.fetched_at,
        row_hash = staged.row_hash,
        synced_at = now(),
        sync_id = %(sync_id)s,
        is_deleted = FALSE,
        deleted_at = NULL
    WHEN NOT MATCHED THEN INSERT (
        {{ table.column_list }}, client_id, account, observed_at, row_hash, sync_id
    ) VALUES (
        {{ table.staged_list }}, staged.client_id, staged.account, staged.fetched_at, staged.row_hash, %(sync_id)s
    )
    RETURNING merge_action() AS action
)

SELECT
    count(*) FILTER (WHERE action = 'INSERT') AS created,
    count(*) FILTER (WHERE action = 'UPDATE') AS updated
FROM merged
