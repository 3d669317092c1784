{# One table of one stream: the text of its SELECT as typed columns, and what could not be typed as `flaws`. #}
CREATE TEMP TABLE {{ staged | ident }} ON COMMIT DROP AS
SELECT
    typed.*,
    md5(ROW({% for column in columns %}{{ column.name | ident }}{{ ", " if not loop.last }}{% endfor %})::text)::uuid
    AS row_hash
FROM (
    SELECT
        wire.record_id,
        {% for column in columns %}
        {% if column.check %}
        CASE WHEN {{ column.check }} THEN {{ column.cast }} END AS {{ column.name | ident }},
        {% else %}
        wire.{{ column.name | ident }} AS {{ column.name | ident }},
        {% endif %}
        {% endfor %}
        array_remove(ARRAY[
            {% for column in columns if column.check or column.is_required %}
            CASE
                {% if column.check %}
                WHEN wire.{{ column.name | ident }} IS NOT NULL AND NOT ({{ column.check }})
                    THEN {{ (column.reason ~ ":" ~ column.name) | literal }}
                {% endif %}
                {% if column.is_required %}
                WHEN wire.{{ column.name | ident }} IS NULL THEN {{ ("missing:" ~ column.name) | literal }}
                {% endif %}
            END,
            {% endfor %}
            NULL
        ]::text[], NULL) AS flaws
    FROM (
{{ select }}
    ) AS wire
) AS typed
