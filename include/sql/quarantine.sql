{# Flaws to ops.quarantine: one open row a record, field and reason, however often it is seen. #}
INSERT INTO ops.quarantine AS open (
    source, account, client_id, stream, table_name, record_key, severity, reason, field, payload, payload_raw, sync_id,
    first_seen_at, last_seen_at
)
SELECT DISTINCT ON (flaws.table_name, named.record_key, flaws.reason, flaws.field)
    landed.source,
    landed.account,
    landed.client_id,
    landed.stream,
    flaws.table_name,
    named.record_key,
    flaws.severity,
    flaws.reason,
    flaws.field,
    landed.body,
    landed.body_raw,
    %(sync_id)s,
    landed.fetched_at,
    landed.fetched_at
FROM flaws
INNER JOIN landed USING (record_id)
LEFT JOIN {{ root.staged | ident }} AS staged USING (record_id)
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN {% for name in root.key %}staged.{{ name | ident }} IS NOT NULL{{ " AND " if not loop.last }}{% endfor %}

                THEN concat_ws(
                    '/', {% for name in root.key %}staged.{{ name | ident }}{{ ", " if not loop.last }}{% endfor %}

                )
            ELSE coalesce(landed.asked, 'page ' || landed.page || ' row ' || landed.ordinal)
        END AS record_key
) AS named
WHERE landed.is_own
ORDER BY flaws.table_name, named.record_key, flaws.reason, flaws.field, landed.fetched_at DESC
ON CONFLICT (source, account, stream, table_name, record_key, reason, field) WHERE resolved_at IS NULL
DO UPDATE SET
    last_seen_at = greatest(open.last_seen_at, excluded.last_seen_at),
    severity = excluded.severity,
    payload = excluded.payload,
    payload_raw = excluded.payload_raw,
    sync_id = excluded.sync_id
