{# What a complete snapshot would take away: rows there are now, rows of them that it does not hold, and rows of it that
   nobody can read beyond those of the snapshot before (quarantine.sql names them by their place): any of them may be one
   that seems to be missing. #}
WITH snapshot AS (
    SELECT DISTINCT
        slices.client_id,
        slices.account
    FROM ops.sync_slices AS slices
    WHERE slices.slice_id = ANY(%(slices)s)
),

sent AS (
    SELECT DISTINCT
        landed.client_id,
        landed.account{% for name in root.key %},
        staged.{{ name | ident }}{% endfor %}

    FROM {{ root.staged | ident }} AS staged
    INNER JOIN landed USING (record_id)
)

SELECT
    count(*) AS known,
    count(*) FILTER (WHERE sent.client_id IS NULL) AS gone,
    (
        SELECT count(*) FROM landed
        LEFT JOIN {{ root.staged | ident }} AS staged USING (record_id)
        WHERE ({% for name in root.key %}staged.{{ name | ident }} IS NULL{{ " OR " if not loop.last }}{% endfor %})
    ) - (
        SELECT count(DISTINCT open.record_key)
        FROM ops.quarantine AS open
        INNER JOIN snapshot USING (client_id, account)
        WHERE open.source = %(source)s AND open.stream = %(stream)s AND open.resolved_at IS NULL
            AND open.record_key ~ '^page \d+ row \d+$'
    ) AS unreadable
FROM snapshot
INNER JOIN {{ root.target | ident }} AS target
    ON snapshot.client_id = target.client_id AND snapshot.account = target.account AND NOT target.is_deleted
LEFT JOIN sent
    ON target.client_id = sent.client_id AND target.account = sent.account
    {% for name in root.key %}
    AND target.{{ name | ident }} = sent.{{ name | ident }}
    {% endfor %}
