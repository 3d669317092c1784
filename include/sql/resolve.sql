{# A version of a record that merged without that flaw closes what was open for it, if it is no older than the flaw. #}
UPDATE ops.quarantine AS open SET resolved_at = now(), resolution = 'merged'
FROM verdicts
WHERE open.resolved_at IS NULL AND open.source = %(source)s AND open.stream = %(stream)s
    AND open.account = verdicts.account
    AND open.record_key = concat_ws(
        '/', {% for name in root.key %}verdicts.{{ name | ident }}{{ ", " if not loop.last }}{% endfor %}
    )
    AND verdicts.is_own AND verdicts.is_newest AND verdicts.fetched_at >= open.last_seen_at
    AND NOT EXISTS (
        SELECT FROM flaws
        WHERE flaws.record_id = verdicts.record_id AND flaws.reason = open.reason AND flaws.field = open.field
            AND flaws.table_name = open.table_name
    )
