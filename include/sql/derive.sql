{# A table computed from merged ones: only rows that differ are written, a withdrawn row is a tombstone. #}
WITH derived AS (
{{ select }}
),

hashed AS (
    SELECT
        derived.*,
        md5(ROW({% for name in columns %}derived.{{ name | ident }}{{ ", " if not loop.last }}{% endfor %})::text)::uuid
        AS row_hash
    FROM derived
),

merged AS (
    MERGE INTO {{ target | ident }} AS target
    USING hashed
    ON {% for name in key %}target.{{ name | ident }} = hashed.{{ name | ident }}{{ " AND " if not loop.last }}{% endfor %}

    WHEN MATCHED AND (target.row_hash <> hashed.row_hash OR target.is_deleted <> hashed.is_deleted) THEN UPDATE SET
        {% for name in columns if name not in key %}
        {{ name | ident }} = hashed.{{ name | ident }},
        {% endfor %}
        observed_at = hashed.observed_at,
        row_hash = hashed.row_hash,
        synced_at = now(),
        sync_id = %(sync_id)s,
        is_deleted = hashed.is_deleted,
        deleted_at = CASE WHEN hashed.is_deleted THEN coalesce(target.deleted_at, now()) END
    WHEN NOT MATCHED THEN INSERT (
        {% for name in columns %}{{ name | ident }}, {% endfor %}observed_at, row_hash, sync_id, is_deleted
    ) VALUES (
        {% for name in columns %}hashed.{{ name | ident }}, {% endfor %}hashed.observed_at, hashed.row_hash,
        %(sync_id)s, hashed.is_deleted
    )
    RETURNING merge_action() AS action
)

SELECT
    count(*) FILTER (WHERE action = 'INSERT') AS created,
    count(*) FILTER (WHERE action = 'UPDATE') AS updated
FROM merged
