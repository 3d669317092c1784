-- tekmetric.repair_orders: one row an order (sections 1.8 to 1.10). Its status comes nested only; its days are the
-- shop's own. What is computed from lines is written by repair_orders.totals.sql and is not named here.
-- The order without its lists is read from forty times: it is made once, small and in memory.
WITH heads AS MATERIALIZED (
    SELECT
        record_id,
        client_id,
        account,
        location_id,
        body - ARRAY['jobs', 'sublets', 'fees', 'discounts', 'customerConcerns'] AS body,
        body -> 'customerConcerns' AS concerns,
        md5(
            jsonb_build_array(
                body -> 'jobs', body -> 'sublets', body -> 'fees', body -> 'discounts', body -> 'customerConcerns'
            )::text
        ) AS sync_hash
    FROM landed
)

SELECT
    heads.record_id,
    coalesce(tekmetric.as_id(body ->> 'shopId'), asked.external_id) AS tm_shop_id,
    shop.location_id,
    body ->> 'id' AS tm_id,
    body ->> 'customerId' AS tm_customer_id,
    body ->> 'vehicleId' AS tm_vehicle_id,
    body ->> 'serviceWriterId' AS tm_service_advisor_id,
    body ->> 'technicianId' AS tm_technician_id,
    body ->> 'repairOrderNumber' AS ro_number,
    tekmetric.as_code(body #>> '{repairOrderStatus,code}') AS status,
    body #>> '{repairOrderStatus,id}' AS status_id,
    core.as_instant(body ->> 'createdDate') AS created_date,
    core.as_instant(body ->> 'updatedDate') AS updated_date,
    core.as_instant(body ->> 'appointmentStartTime') AS appointment_start_at,
    core.as_instant(body ->> 'estimateShareDate') AS estimate_shared_at,
    core.as_instant(body ->> 'inspectionShareDate') AS inspection_shared_at,
    core.as_instant(body ->> 'invoiceShareDate') AS invoice_shared_at,
    core.as_instant(body ->> 'postedDate') AS posted_at,
    core.as_instant(body ->> 'completedDate') AS completed_at,
    tekmetric.local_day(tekmetric.as_moment(body ->> 'postedDate'), shop.timezone) AS posted_date,
    tekmetric.local_day(tekmetric.as_moment(body ->> 'completedDate'), shop.timezone) AS completed_date,
    body ->> 'laborSales' AS labor_sales,
    body ->> 'partsSales' AS parts_sales,
    body ->> 'subletSales' AS sublet_sales,
    body ->> 'feeTotal' AS fee_total,
    body ->> 'discountTotal' AS discount_total,
    body ->> 'taxes' AS taxes,
    body ->> 'totalSales' AS total_sales,
    body ->> 'amountPaid' AS amount_paid,
    body ->> 'milesIn' AS miles_in,
    body ->> 'milesOut' AS miles_out,
    core.as_text(coalesce(body ->> 'keytag', body ->> 'keyTag')) AS keytag,
    core.as_text(body ->> 'color') AS color,
    tekmetric.as_code(body #>> '{repairOrderLabel,name}') AS label,
    body #>> '{repairOrderLabel,id}' AS label_id,
    tekmetric.as_code(body #>> '{repairOrderCustomLabel,name}') AS custom_label,
    concerns.customer_concern,
    concerns.tech_notes,
    coalesce(
        greatest(
            tekmetric.as_moment(body ->> 'updatedDate'), tekmetric.as_moment(body ->> 'deletedDate')
        )::text,
        core.as_instant(body ->> 'updatedDate')
    ) AS source_updated_at,
    core.as_instant(body ->> 'deletedDate') AS source_deleted_at,
    heads.sync_hash,
    nullif(
        body - ARRAY[
            'id', 'shopId', 'customerId', 'vehicleId', 'serviceWriterId', 'technicianId', 'repairOrderNumber',
            'repairOrderStatus', 'createdDate', 'updatedDate', 'deletedDate', 'appointmentStartTime',
            'estimateShareDate', 'inspectionShareDate', 'invoiceShareDate', 'postedDate', 'completedDate', 'laborSales',
            'partsSales', 'subletSales', 'feeTotal', 'discountTotal', 'taxes', 'totalSales', 'amountPaid', 'milesIn',
            'milesOut', 'keytag', 'keyTag', 'color', 'repairOrderLabel', 'repairOrderCustomLabel'
        ], '{}'::jsonb
    ) AS extra
FROM heads
LEFT JOIN core.locations AS asked ON heads.location_id = asked.location_id
LEFT JOIN core.locations AS shop
    ON heads.client_id = shop.client_id AND heads.account = shop.account AND shop.source = 'tekmetric'
    AND shop.external_id = coalesce(tekmetric.as_id(body ->> 'shopId'), asked.external_id)
LEFT JOIN LATERAL (
    SELECT
        string_agg(concern.value ->> 'concern', E'\n' ORDER BY concern.ordinal) AS customer_concern,
        string_agg(concern.value ->> 'techComment', E'\n' ORDER BY concern.ordinal) AS tech_notes
    FROM jsonb_array_elements(core.elements(heads.concerns)) WITH ORDINALITY AS concern (value, ordinal)
) AS concerns ON TRUE
