-- A webhook of SmartMoving (section 10): ids alone, no id of the event, repeated and in bursts. Events of one kind
-- about one object within five seconds are one; it is not taken before its five seconds are over, so that whatever the
-- left out ones told of has happened when it is asked for.
WITH named AS (
    SELECT
        payload ->> 'event-type' AS event_type,
        CASE
            WHEN payload ? 'job-id' THEN 'job'
            WHEN payload ? 'payment-id' THEN 'payment'
            WHEN payload ? 'followup-id' THEN 'followup'
            WHEN payload ? 'customer-id' THEN 'customer'
            WHEN payload ? 'opportunity-id' THEN 'opportunity'
        END AS object_type,
        coalesce(
            payload ->> 'job-id', payload ->> 'payment-id', payload ->> 'followup-id', payload ->> 'customer-id',
            payload ->> 'opportunity-id'
        ) AS object_id,
        floor(extract(EPOCH FROM now()) / 5) AS bucket
    FROM sent
)

SELECT
    event_type,
    object_type,
    object_id,
    event_type || '|' || object_id || '|' || bucket AS event_key,
    to_timestamp((bucket + 1) * 5) AS due_at
FROM named
