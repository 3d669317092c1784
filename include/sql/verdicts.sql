{# One verdict a landed record: what merging it would do. The order of two observations of a key is the vendor's own
   timestamp where it sends one, else when they were fetched, else the order of landing. #}
CREATE TEMP TABLE verdicts ON COMMIT DROP AS
WITH readable AS (
    SELECT
        staged.*,
        landed.client_id,
        landed.account,
        landed.fetched_at,
        landed.is_own,
        {{ "staged.source_updated_at" if has_source_updated_at else "NULL::timestamptz" }} AS version_at
    FROM {{ root.staged | ident }} AS staged
    INNER JOIN landed USING (record_id)
    WHERE landed.body IS NOT NULL AND NOT EXISTS (
        SELECT FROM flaws WHERE flaws.record_id = staged.record_id AND flaws.severity = 'record'
    )
),

ranked AS (
    SELECT
        readable.*,
        row_number() OVER (
            PARTITION BY client_id, account, {{ root.key_list }}, is_own
            ORDER BY version_at DESC NULLS LAST, fetched_at DESC, record_id DESC
        ) AS own_place,
        row_number() OVER (
            PARTITION BY client_id, account, {{ root.key_list }}
            ORDER BY version_at DESC NULLS LAST, fetched_at DESC, record_id DESC
        ) AS place
    FROM readable
)

SELECT
    ranked.record_id,
    {% for name in root.key %}
    ranked.{{ name | ident }},
    {% endfor %}
    ranked.client_id,
    ranked.account,
    CASE
        WHEN ranked.own_place > 1 THEN 'duplicate'
        WHEN target.row_hash IS NULL AND ranked.place = 1 THEN 'created'
        WHEN target.row_hash = ranked.row_hash AND NOT target.is_deleted AND NOT {{ force | literal }}
            THEN 'unchanged'
        WHEN ranked.place > 1
            OR (coalesce(target.source_updated_at, '-infinity'), target.observed_at)
            > (coalesce(ranked.version_at, target.source_updated_at, '-infinity'), ranked.fetched_at)
            THEN 'stale'
        ELSE 'updated'
    END AS verdict,
    ranked.place = 1 AND NOT coalesce(
        (coalesce(target.source_updated_at, '-infinity'), target.observed_at)
        > (coalesce(ranked.version_at, target.source_updated_at, '-infinity'), ranked.fetched_at),
        FALSE
    ) AS is_newest
FROM ranked
LEFT JOIN {{ root.target | ident }} AS target
    ON ranked.client_id = target.client_id AND ranked.account = target.account
    {% for name in root.key %}
    AND ranked.{{ name | ident }} = target.{{ name | ident }}
    {% endfor %}
WHERE ranked.is_own
