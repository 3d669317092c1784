-- smartmoving.customers: one row a customer of the sweep. The date filter selects customers, not jobs (section 11.2).
-- A new row begins with the swept location; customers.locations.sql keeps location_ids from then on.
SELECT
    landed.record_id,
    body ->> 'id' AS customer_id,
    body ->> 'name' AS name,
    core.as_text(body ->> 'phoneNumber') AS phone_number,
    body ->> 'phoneType' AS phone_type,
    core.as_text(body ->> 'emailAddress') AS email_address,
    core.as_text(body ->> 'address') AS address,
    array_remove(ARRAY[landed.location_id], NULL) AS "first location_ids" -- noqa: RF05
FROM landed
