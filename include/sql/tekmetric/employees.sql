-- tekmetric.employees: one row an employee of the shop whose list was read: no shop is sent (sections 1.6 and 1.9). Pay
-- and status are the shop API's alone: this SELECT does not name their columns, so it never clears them.
SELECT
    landed.record_id,
    shop.external_id AS tm_shop_id,
    shop.location_id,
    body ->> 'id' AS tm_id,
    core.as_text(body ->> 'firstName') AS first_name,
    core.as_text(body ->> 'lastName') AS last_name,
    core.as_text(body ->> 'email') AS email,
    coalesce(body #>> '{employeeRole,id}', tekmetric.as_code(body #>> '{employeeRole,code}')) AS role,
    core.as_text(body #>> '{employeeRole,name}') AS role_name,
    body ->> 'canPerformWork' AS can_perform_work,
    core.as_text(body ->> 'certificationNumber') AS certification_number,
    core.as_instant(body ->> 'createdDate') AS tm_created_at,
    core.as_instant(body ->> 'updatedDate') AS source_updated_at,
    nullif(
        body - ARRAY[
            'id', 'shopId', 'firstName', 'lastName', 'email', 'address', 'employeeRole', 'canPerformWork',
            'certificationNumber', 'createdDate', 'updatedDate'
        ], '{}'::jsonb
    ) AS extra
FROM landed
LEFT JOIN core.locations AS shop ON landed.location_id = shop.location_id
