{# One verdict a readable record: what merging it would do. The order of two observations of a key is the vendor's own
   timestamp where it sends one, else when they were fetched, else the order of landing (of a report's rows the first). Records of other runs
   (is_own = false) are merged already: they only outrank ours. A record whose vendor sends when it deleted it
   (source_deleted_at) is gone, and its children with it. The windows begin with the key: client and account are the same
   in nearly every row, and comparing those first made the sort slow. #}
CREATE TEMP TABLE verdicts ON COMMIT DROP AS
WITH readable AS (
    SELECT
        staged.record_id,
        {% for name in root.key %}
        staged.{{ name | ident }},
        {% endfor %}
        staged.row_hash,
        landed.client_id,
        landed.account,
        landed.fetched_at,
        landed.is_own,
        {{ "staged.source_updated_at" if root.gives("source_updated_at") else "NULL::timestamptz" }} AS version_at,
        {{ "staged.source_deleted_at IS NOT NULL" if root.gives("source_deleted_at") else "FALSE" }} AS is_gone
    FROM {{ root.staged | ident }} AS staged
    INNER JOIN landed USING (record_id)
    WHERE landed.body IS NOT NULL AND NOT EXISTS (
        SELECT FROM flaws
        WHERE flaws.record_id = staged.record_id AND flaws.severity = 'record'
    )
),

ranked AS (
    SELECT
        readable.*,
        row_number() OVER newest AS place,
        row_number() OVER {{ "newest_of_side" if has_rivals else "newest" }} AS place_of_side
    FROM readable
    WINDOW
        newest AS (
            PARTITION BY {{ root.key_list }}, readable.client_id, readable.account
            ORDER BY readable.version_at DESC NULLS LAST, readable.fetched_at DESC, readable.record_id {{ 'ASC' if first_wins else 'DESC' }}
        ){{ "," if has_rivals }}
        {% if has_rivals %}
        newest_of_side AS (
            PARTITION BY {{ root.key_list }}, readable.client_id, readable.account, readable.is_own
            ORDER BY readable.version_at DESC NULLS LAST, readable.fetched_at DESC, readable.record_id {{ 'ASC' if first_wins else 'DESC' }}
        )
        {% endif %}
),

judged AS (
    SELECT
        ranked.*,
        target.row_hash AS target_hash,
        target.is_deleted AS target_is_deleted,
        ranked.place > 1 OR coalesce(
            (coalesce(target.source_updated_at, '-infinity'), target.observed_at)
            > (coalesce(ranked.version_at, target.source_updated_at, '-infinity'), ranked.fetched_at),
            FALSE
        ) AS is_outranked
    FROM ranked
    LEFT JOIN {{ root.target | ident }} AS target
        ON ranked.client_id = target.client_id AND ranked.account = target.account
        {% for name in root.key %}
        AND ranked.{{ name | ident }} = target.{{ name | ident }}
        {% endfor %}
)

SELECT
    judged.record_id,
    {% for name in root.key %}
    judged.{{ name | ident }},
    {% endfor %}
    judged.client_id,
    judged.account,
    judged.fetched_at,
    judged.is_own,
    judged.is_gone,
    NOT judged.is_outranked AS is_newest,
    CASE
        WHEN NOT judged.is_own THEN 'rival'
        WHEN judged.place_of_side > 1 THEN 'duplicate'
        WHEN judged.target_hash = judged.row_hash AND judged.target_is_deleted = judged.is_gone
            AND NOT {{ force | literal }} THEN 'unchanged'
        WHEN judged.is_outranked THEN 'stale'
        WHEN judged.target_hash IS NULL THEN 'created'
        ELSE 'updated'
    END AS verdict
FROM judged
