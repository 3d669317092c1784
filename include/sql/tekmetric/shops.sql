-- tekmetric.shops: one row a shop, from a bare array (sections 1.4 and 1.9). A shop's time zone is in neither API.
SELECT
    landed.record_id,
    body ->> 'id' AS tm_id,
    body ->> 'name' AS name,
    core.as_text(body ->> 'nickname') AS nickname,
    core.as_text(body ->> 'phone') AS phone,
    core.as_text(body ->> 'email') AS email,
    core.as_text(body ->> 'website') AS website,
    core.as_text(body #>> '{address,address1}') AS address_line1,
    core.as_text(body #>> '{address,address2}') AS address_line2,
    core.as_text(body #>> '{address,city}') AS city,
    core.as_text(body #>> '{address,state}') AS state,
    core.as_text(body #>> '{address,zip}') AS zip,
    body ->> 'roCustomLabelEnabled' AS ro_custom_label_enabled,
    nullif(
        body - ARRAY['id', 'name', 'nickname', 'phone', 'email', 'website', 'address', 'roCustomLabelEnabled'],
        '{}'::jsonb
    ) AS extra
FROM landed
