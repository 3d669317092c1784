-- tekmetric.customers: one row a customer (section 1.9). A business has its name in firstName and a blank lastName;
-- e-mail comes as one text or as an array; of the phones the first that is marked primary is the primary one.
SELECT
    landed.record_id,
    coalesce(tekmetric.as_id(body ->> 'shopId'), asked.external_id) AS tm_shop_id,
    shop.location_id,
    body ->> 'id' AS tm_id,
    core.as_text(body ->> 'firstName') AS first_name,
    tekmetric.as_code(body ->> 'lastName') AS last_name,
    CASE
        WHEN
            tekmetric.as_id(body #>> '{customerType,id}') = '2'
            AND tekmetric.as_code(body ->> 'lastName') IS NULL
            THEN core.as_text(body ->> 'firstName')
    END AS company_name,
    core.as_text(body ->> 'contactFirstName') AS contact_first_name,
    core.as_text(body ->> 'contactLastName') AS contact_last_name,
    tekmetric.as_emails(body -> 'email') AS email,
    first_phone.value ->> 'number' AS phone_primary,
    core.as_text(first_phone.value ->> 'type') AS phone_primary_type,
    other_phone.value ->> 'number' AS phone_secondary,
    core.as_text(other_phone.value ->> 'type') AS phone_secondary_type,
    core.as_text(body #>> '{address,address1}') AS address_line1,
    core.as_text(body #>> '{address,address2}') AS address_line2,
    core.as_text(body #>> '{address,city}') AS city,
    core.as_text(body #>> '{address,state}') AS state,
    core.as_text(body #>> '{address,zip}') AS zip,
    core.as_text(body #>> '{address,country}') AS country,
    core.as_day(body ->> 'birthday') AS birthday,
    body #>> '{customerType,id}' AS customer_type_id,
    core.as_text(body #>> '{customerType,name}') AS customer_type_name,
    body ->> 'taxExempt' AS tax_exempt,
    body ->> 'okForMarketing' AS ok_for_marketing,
    body ->> 'eligibleForAccountsReceivable' AS eligible_for_accounts_receivable,
    body ->> 'creditLimit' AS credit_limit,
    core.as_text(body ->> 'notes') AS notes,
    core.as_instant(body ->> 'createdDate') AS tm_created_at,
    coalesce(
        greatest(
            tekmetric.as_moment(body ->> 'updatedDate'), tekmetric.as_moment(body ->> 'deletedDate')
        )::text,
        core.as_instant(body ->> 'updatedDate')
    ) AS source_updated_at,
    core.as_instant(body ->> 'deletedDate') AS source_deleted_at,
    nullif(
        body - ARRAY[
            'id', 'shopId', 'firstName', 'lastName', 'contactFirstName', 'contactLastName', 'email', 'phone', 'phones',
            'address', 'birthday', 'customerType', 'taxExempt', 'okForMarketing', 'eligibleForAccountsReceivable',
            'creditLimit', 'notes', 'createdDate', 'updatedDate', 'deletedDate'
        ], '{}'::jsonb
    ) AS extra
FROM landed
LEFT JOIN core.locations AS asked ON landed.location_id = asked.location_id
LEFT JOIN core.locations AS shop
    ON landed.client_id = shop.client_id AND landed.account = shop.account AND shop.source = 'tekmetric'
    AND shop.external_id = coalesce(tekmetric.as_id(body ->> 'shopId'), asked.external_id)
LEFT JOIN LATERAL (
    SELECT phone.value, phone.ordinal
    FROM jsonb_array_elements(core.elements(body -> 'phone')) WITH ORDINALITY AS phone (value, ordinal)
    WHERE phone.value ->> 'number' <> ''
    ORDER BY coalesce(phone.value ->> 'primary' = 'true', FALSE) DESC, phone.ordinal
    LIMIT 1
) AS first_phone ON TRUE
LEFT JOIN LATERAL (
    SELECT phone.value
    FROM jsonb_array_elements(core.elements(body -> 'phone')) WITH ORDINALITY AS phone (value, ordinal)
    WHERE phone.value ->> 'number' <> '' AND phone.ordinal <> first_phone.ordinal
    ORDER BY phone.ordinal
    LIMIT 1
) AS other_phone ON TRUE
