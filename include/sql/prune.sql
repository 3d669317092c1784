{# Children that a record no longer has leave in the record's own transaction (T41). #}
DELETE FROM {{ table.target | ident }} AS target
USING verdicts
WHERE verdicts.is_own AND verdicts.is_newest
    AND target.client_id = verdicts.client_id AND target.account = verdicts.account
    {% for name in root.key %}
    AND target.{{ table.parent[loop.index0] | ident }} = verdicts.{{ name | ident }}
    {% endfor %}
    AND NOT EXISTS (
        SELECT FROM {{ table.staged | ident }} AS staged
        WHERE staged.record_id = verdicts.record_id
        {% for name in table.key %}
            AND staged.{{ name | ident }} = target.{{ name | ident }}
        {% endfor %}
    )
