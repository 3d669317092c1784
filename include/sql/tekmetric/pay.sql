-- tekmetric.pay: one row an employee, asked for by id: what the shop API alone knows (section 2). Integers come as
-- floats and texts too.
SELECT
    landed.record_id,
    shop.external_id AS tm_shop_id,
    shop.location_id,
    landed.asked AS tm_id,
    body ->> 'hourlyRate' AS hourly_rate,
    body ->> 'salary' AS salary,
    tekmetric.as_code(body #>> '{employeePayType,code}') AS pay_type,
    CASE
        WHEN 'true' IN (body ->> 'disabled', body ->> 'deactivated') THEN 'INACTIVE'
        ELSE 'ACTIVE'
    END AS status,
    core.as_text(body ->> 'username') AS username
FROM landed
LEFT JOIN core.locations AS shop ON landed.location_id = shop.location_id
