{# Flaws to ops.quarantine: one open row a record, field and reason, however often it is seen. #}
INSERT INTO ops.quarantine AS open (
    source, account, client_id, stream, table_name, record_key, severity, reason, field, payload, payload_raw, sync_id
)
SELECT DISTINCT ON (3, 5, 6, 8, 9)
    landed.source,
    landed.account,
    landed.client_id,
    landed.stream,
    flaws.table_name,
    coalesce(named.record_key, landed.asked, 'page ' || landed.page || ' row ' || landed.ordinal),
    flaws.severity,
    flaws.reason,
    flaws.field,
    landed.body,
    landed.body_raw,
    %(sync_id)s
FROM flaws
INNER JOIN landed USING (record_id)
LEFT JOIN LATERAL (
    SELECT concat_ws('/', {% for name in root.key %}staged.{{ name | ident }}{{ ", " if not loop.last }}{% endfor %})
    AS record_key
    FROM {{ root.staged | ident }} AS staged
    WHERE staged.record_id = flaws.record_id
    {% for name in root.key %}
        AND staged.{{ name | ident }} IS NOT NULL
    {% endfor %}
) AS named ON TRUE
WHERE landed.is_own
ON CONFLICT (source, account, stream, table_name, record_key, reason, field) WHERE resolved_at IS NULL
DO UPDATE SET
    last_seen_at = now(),
    severity = excluded.severity,
    payload = excluded.payload,
    payload_raw = excluded.payload_raw,
    sync_id = excluded.sync_id
