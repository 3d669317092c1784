SELECT
    client_id, account, customer_id, location_ids, first_name, last_name, company_name, email, phone, mobile_number,
    address_line_1, address_line_2, city, state, country, zipcode, external_id, created, updated, synced_at
FROM arrivy.customers
WHERE NOT is_deleted
