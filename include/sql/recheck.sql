{# What a complete window no longer shows is asked for by id, not deleted: it may have moved (section 11.6). #}
INSERT INTO ops.lookups AS lookup (source, account, stream, record_key, asked_at, reason, was_found, wanted)
SELECT absent.source, absent.account, absent.stream, absent.record_key, '-infinity', 'missing', TRUE, 'missing'
FROM (
{{ absent }}
) AS absent
ON CONFLICT (source, account, stream, record_key) DO UPDATE SET wanted = 'missing'
WHERE lookup.wanted IS DISTINCT FROM 'missing'
