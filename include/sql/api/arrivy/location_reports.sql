SELECT
    client_id, account, entity_id, reported_at, location_id, latitude, longitude, street, city, country, synced_at
FROM arrivy.location_reports
WHERE NOT is_deleted
