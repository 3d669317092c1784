{# Rows to a table: only those that differ are written; the database counts. `rows` gives the key, the columns,
   observed_at, row_hash and is_deleted. A row that came under another parent, or that is a tombstone, yields to a
   newer observation alone; within one parent the parent's own order has been decided already. Columns of `first` are
   a new row's only. #}
WITH merged AS (
    MERGE INTO {{ target | ident }} AS target
    USING (
{{ rows }}
    ) AS incoming
    ON {% for name in key %}target.{{ name | ident }} = incoming.{{ name | ident }}{{ " AND " if not loop.last }}{% endfor %}

    WHEN MATCHED
        AND (
            target.row_hash <> incoming.row_hash OR target.is_deleted <> incoming.is_deleted OR {{ force | literal }}
        )
        {% if parent %}
        AND (
            (
                NOT target.is_deleted
                {% for name in parent %}
                AND target.{{ name | ident }} = incoming.{{ name | ident }}
                {% endfor %}
            )
            OR target.observed_at <= incoming.observed_at
        )
        {% endif %}
        THEN UPDATE SET
            {% for name in columns if name not in key and name not in first %}
            {{ name | ident }} = incoming.{{ name | ident }},
            {% endfor %}
            observed_at = incoming.observed_at,
            row_hash = incoming.row_hash,
            synced_at = now(),
            sync_id = %(sync_id)s,
            is_deleted = incoming.is_deleted,
            deleted_at = CASE WHEN incoming.is_deleted THEN coalesce(target.deleted_at, now()) END
    WHEN NOT MATCHED THEN INSERT (
        {% for name in columns %}{{ name | ident }}, {% endfor %}observed_at, row_hash, sync_id, is_deleted
    ) VALUES (
        {% for name in columns %}incoming.{{ name | ident }}, {% endfor %}incoming.observed_at,
        incoming.row_hash, %(sync_id)s, incoming.is_deleted
    )
    RETURNING merge_action() AS action
)

SELECT
    count(*) FILTER (WHERE merged.action = 'INSERT') AS created,
    count(*) FILTER (WHERE merged.action = 'UPDATE') AS updated
FROM merged
