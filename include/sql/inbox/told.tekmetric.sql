-- A webhook of Tekmetric (section 1.11): a sentence, and the record flat on `data`. A payment names its order, an order
-- is known by its number. The event has no id: the same text is the same event.
SELECT
    -- without the number and the name, so that it is a kind
    regexp_replace(coalesce(payload ->> 'event_type', payload ->> 'event'), ' #[0-9]+| by .*$', '', 'g') AS event_type,
    CASE
        WHEN payload #> '{data,repairOrderId}' IS NOT NULL THEN 'payment'
        WHEN payload #> '{data,repairOrderNumber}' IS NOT NULL THEN 'repair order'
        WHEN payload ->> 'event' LIKE 'Repair Order #%%' THEN 'repair order'
    END AS object_type,
    payload #>> '{data,id}' AS object_id,
    NULL::text AS event_key,
    NULL::timestamptz AS due_at
FROM sent
