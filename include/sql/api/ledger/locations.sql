SELECT
    client_id, source, account, location_id, external_id, external_key, name, city, region, postal_code, country,
    latitude, longitude, timezone, currency, is_mapped
FROM core.locations
