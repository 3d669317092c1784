-- What is over because it became part of a wider cause is told by that one. In the transaction of compare.sql.
UPDATE ops.alerts AS narrow SET folded_into = wide.cause
FROM ops.alerts AS wide
WHERE narrow.client_id = %(client)s AND narrow.kind = 'freshness' AND narrow.recovered_at = now()
    AND wide.recovered_at IS NULL AND wide.cause = concat_ws('/', narrow.kind, narrow.source, narrow.account)
