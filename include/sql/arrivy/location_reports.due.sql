-- Crew members whose readings are asked for: those who are not switched off.
SELECT
    entities.entity_id AS record_key,
    'new' AS reason,
    entities.location_id,
    entities.name
FROM arrivy.entities
WHERE entities.account = %(account)s AND NOT entities.is_deleted AND entities.is_disabled IS NOT TRUE
ORDER BY entities.entity_id
