-- smartmoving.reasons: one row a reason of the three lists; the slice says which list. Lost reasons have a
-- description where the others have a name (section 5.6).
SELECT
    landed.record_id,
    CASE landed.stream
        WHEN 'bad_lead_reasons' THEN 'bad_lead'
        WHEN 'cancellation_reasons' THEN 'cancellation'
        WHEN 'lost_reasons' THEN 'lost'
    END AS kind,
    body ->> 'id' AS reason_id,
    coalesce(body ->> 'name', body ->> 'description') AS name,
    body ->> 'sortOrder' AS sort_order
FROM landed
