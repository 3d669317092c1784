SELECT
    branches.client_id, branches.account, branches.branch_id, locations.location_id, branches.name,
    branches.phone_number, branches.is_primary, branches.full_address, branches.street, branches.city, branches.region,
    branches.postal_code, locations.country, branches.latitude, branches.longitude, locations.timezone,
    locations.currency, locations.external_key, branches.synced_at
FROM smartmoving.branches
LEFT JOIN core.locations
    ON branches.client_id = locations.client_id AND branches.account = locations.account
    AND branches.branch_id = locations.external_id AND locations.source = 'smartmoving'
WHERE NOT branches.is_deleted
