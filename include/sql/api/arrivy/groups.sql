SELECT
    client_id, account, group_id, name, description, email, phone, address_line_1, address_line_2, city, state, country,
    zipcode, latitude, longitude, timezone, is_default, is_disabled, created, updated, synced_at
FROM arrivy.groups
WHERE NOT is_deleted
