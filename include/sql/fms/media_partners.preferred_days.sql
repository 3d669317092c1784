-- media_partners: the weekday each mostly starts loans on, of tonight's loans; no part of the row's hash. Whoever has
-- none any more loses it.
WITH days AS MATERIALIZED (
    SELECT * FROM fms.preferred_days(%(today)s)
)

UPDATE fms.media_partners AS target SET
    preferred_day_of_week = fresh.day_of_week, preferred_day_confidence = fresh.confidence, synced_at = now(),
    sync_id = %(sync_id)s
FROM (
    SELECT
        partners.person_id,
        partners.office,
        days.day_of_week,
        days.confidence
    FROM fms.media_partners AS partners
    LEFT JOIN days USING (client_id, account, person_id, location_id)
    WHERE partners.client_id = %(client)s AND partners.account = %(account)s
) AS fresh
WHERE target.client_id = %(client)s AND target.account = %(account)s
    AND target.person_id = fresh.person_id AND target.office = fresh.office
    AND (target.preferred_day_of_week, target.preferred_day_confidence)
    IS DISTINCT FROM (fresh.day_of_week, fresh.confidence)
