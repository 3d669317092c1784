{# One event into the inbox; the same one again changes nothing. How a vendor's event is read stands in told.<source>.sql.
   No conflict target: that would need the right to read. #}
WITH sent AS (SELECT %(payload)s::jsonb AS payload),

told AS (
{% include "inbox/told." ~ source ~ ".sql" %}
)

INSERT INTO ops.inbox_events (
    source, account, client_id, event_key, event_type, object_type, object_id, payload, due_at
)
SELECT
    %(source)s,
    %(account)s,
    %(client)s,
    -- what cannot be told apart by its ids is the same event where it is the same text
    encode(sha256(convert_to(coalesce(told.event_key, sent.payload::text), 'UTF8')), 'hex'),
    left(told.event_type, 200),
    left(told.object_type, 200),
    left(told.object_id, 200),
    sent.payload,
    coalesce(told.due_at, now())
FROM sent
CROSS JOIN told
ON CONFLICT DO NOTHING
