{# One table of one stream: the text of its SELECT as typed columns, and what could not be typed as `flaws`.
   A SELECT that reads nothing but what landed may be shared by several workers of the database, which temporary tables
   cannot be: `landed` is then landing itself.
   OFFSET keeps the planner from writing an expression out at each of its uses: each is computed once. Its zero is written
   as a bigint, since a plain 0 is cast first, which the planner takes for a limit: all above it would stay on one core. #}
CREATE TEMP TABLE {{ staged | ident }} ON COMMIT DROP AS
SELECT
    typed.record_id,
    {% for column in columns %}
    typed.{{ column.name | ident }},
    {% endfor %}
    array_remove(ARRAY[
        {% for column in columns if column.check or column.is_required %}
        CASE
            {% if column.check %}
            WHEN typed.{{ column.name | ident }} IS NULL AND typed.{{ ("sent " ~ column.name) | ident }} IS NOT NULL
                THEN {{ (column.reason ~ ":" ~ column.name) | literal }}
            {% endif %}
            {% if column.is_required %}
            WHEN typed.{{ column.name | ident }} IS NULL THEN {{ ("missing:" ~ column.name) | literal }}
            {% endif %}
        END,
        {% endfor %}
        NULL
    ]::text[], NULL) AS flaws,
    md5(ROW({% for column in columns if not column.is_first %}typed.{{ column.name | ident }}{{ ", " if not loop.last }}{% endfor %})::text)::uuid
    AS row_hash
FROM (
    SELECT
        wire.record_id,
        {% for column in columns %}
        {% if column.check %}
        CASE WHEN {{ column.check }} THEN {{ column.cast }} END AS {{ column.name | ident }},
        wire.{{ column.name | ident }} AS {{ ("sent " ~ column.name) | ident }}{{ "," if not loop.last }}
        {% else %}
        wire.{{ column.sent | ident }} AS {{ column.name | ident }}{{ "," if not loop.last }}
        {% endif %}
        {% endfor %}
    FROM (
        {% if is_shared %}
        WITH landed AS NOT MATERIALIZED (
{% include "landed_rows.sql" %}
        )

        {% endif %}
        SELECT * FROM (
{{ select }}
        ) AS given
        OFFSET bigint '0'
    ) AS wire
    OFFSET bigint '0'
) AS typed
