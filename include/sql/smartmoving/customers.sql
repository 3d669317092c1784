-- smartmoving.customers: one row a customer of the sweep. The date filter selects customers, not jobs (section 11.2).
SELECT
    landed.record_id,
    body ->> 'id' AS customer_id,
    body ->> 'name' AS name,
    core.as_text(body ->> 'phoneNumber') AS phone_number,
    body ->> 'phoneType' AS phone_type,
    core.as_text(body ->> 'emailAddress') AS email_address,
    core.as_text(body ->> 'address') AS address
FROM landed
