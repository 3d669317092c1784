-- smartmoving.customer_phones: one row a secondary phone, in the vendor's order. What is no phone has no place in it,
-- which rejects the record.
SELECT
    landed.record_id,
    body ->> 'id' AS customer_id,
    CASE WHEN jsonb_typeof(phone.value) = 'object' THEN phone.ordinal END::text AS ordinal,
    phone.value ->> 'phoneNumber' AS phone_number,
    phone.value ->> 'phoneType' AS phone_type,
    array_remove(ARRAY[landed.location_id], NULL) AS "first location_ids" -- noqa: RF05
FROM landed,
    jsonb_array_elements(core.elements(body -> 'secondaryPhoneNumbers')) WITH ORDINALITY AS phone (value, ordinal)
