{# What the run's events ask for, by stream the id, or why nothing can be asked for. How a vendor's event is understood
   stands in asks.<source>.sql. #}
WITH taken AS (
    SELECT * FROM ops.inbox_events
    WHERE source = %(source)s AND account = %(account)s AND state = 'taken' AND taken_by = %(run_id)s
),

meant AS (
{% include "inbox/asks." ~ source ~ ".sql" %}
)

UPDATE ops.inbox_events AS event SET
    asks = meant.asks,
    why = CASE WHEN meant.asks IS NULL THEN meant.why ELSE event.why END,
    state = CASE WHEN meant.asks IS NULL THEN 'ignored' ELSE event.state END,
    ended_at = CASE WHEN meant.asks IS NULL THEN now() END
FROM meant
WHERE event.event_id = meant.event_id
