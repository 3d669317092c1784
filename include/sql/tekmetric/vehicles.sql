-- tekmetric.vehicles: one row a vehicle (section 1.9). The public API sends no shop with it and no mileage; make, model
-- and engine come as text or as {id, name}, notes and the plate's state under one of two names (section 2).
SELECT
    landed.record_id,
    coalesce(tekmetric.as_id(body ->> 'shopId'), asked.external_id) AS tm_shop_id,
    shop.location_id,
    body ->> 'id' AS tm_id,
    body ->> 'customerId' AS tm_customer_id,
    body ->> 'year' AS year,
    tekmetric.as_name(body -> 'make') AS make,
    body #>> '{make,id}' AS make_id,
    tekmetric.as_name(body -> 'model') AS model,
    body #>> '{model,id}' AS model_id,
    tekmetric.as_name(body -> 'subModel') AS sub_model,
    body #>> '{subModel,id}' AS sub_model_id,
    tekmetric.as_name(body -> 'engine') AS engine,
    body #>> '{engine,id}' AS engine_id,
    tekmetric.as_name(body -> 'transmission') AS transmission,
    body #>> '{transmission,id}' AS transmission_id,
    tekmetric.as_name(body -> 'driveType') AS drive_type,
    body #>> '{driveType,id}' AS drive_type_id,
    tekmetric.as_name(body -> 'bodyType') AS body_style,
    core.as_text(body ->> 'vin') AS vin,
    core.as_text(body ->> 'licensePlate') AS license_plate,
    core.as_text(coalesce(body ->> 'licenseState', body ->> 'state')) AS license_state,
    core.as_text(body ->> 'unitNumber') AS unit_number,
    core.as_text(body ->> 'color') AS color,
    coalesce(body ->> 'odometer', body ->> 'mileage') AS odometer,
    core.as_day(body ->> 'productionDate') AS production_date,
    core.as_text(coalesce(body ->> 'note', body ->> 'notes')) AS notes,
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
            'id', 'shopId', 'customerId', 'year', 'make', 'model', 'subModel', 'engine', 'transmission', 'driveType',
            'bodyType', 'vin', 'licensePlate', 'licenseState', 'state', 'unitNumber', 'color', 'odometer', 'mileage',
            'productionDate', 'note', 'notes', 'createdDate', 'updatedDate', 'deletedDate'
        ], '{}'::jsonb
    ) AS extra
FROM landed
LEFT JOIN core.locations AS asked ON landed.location_id = asked.location_id
LEFT JOIN core.locations AS shop
    ON landed.client_id = shop.client_id AND landed.account = shop.account AND shop.source = 'tekmetric'
    AND shop.external_id = coalesce(tekmetric.as_id(body ->> 'shopId'), asked.external_id)
