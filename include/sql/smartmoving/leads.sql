-- smartmoving.leads: one row a lead; its id is the opportunity's id (section 5.4). An undated lead sends 0.
SELECT
    landed.record_id,
    body ->> 'id' AS lead_id,
    coalesce(
        (
            SELECT locations.location_id
            FROM core.locations
            WHERE locations.client_id = landed.client_id AND locations.source = landed.source
                AND locations.account = landed.account AND locations.external_id = body ->> 'branchId'
        ),
        core.location_named(landed.client_id, landed.source, landed.account, body ->> 'branchName')
    ) AS location_id,
    body ->> 'customerName' AS customer_name,
    core.as_text(body ->> 'emailAddress') AS email_address,
    core.as_text(body ->> 'phoneNumber') AS phone_number,
    body ->> 'phoneType' AS phone_type,
    body ->> 'status' AS status,
    coalesce(body ->> 'referralSourceName', body ->> 'referralSource') AS referral_source,
    body ->> 'affiliateName' AS affiliate_name,
    core.as_day(body ->> 'serviceDate') AS service_date,
    body ->> 'type' AS service_type,
    body ->> 'salesPersonId' AS sales_person_id,
    body ->> 'salesPerson' AS sales_person,
    body ->> 'branchId' AS branch_id,
    body ->> 'branchName' AS branch_name,
    core.as_text(body ->> 'originAddressFull') AS origin_address,
    core.as_text(body ->> 'destinationAddressFull') AS destination_address,
    body ->> 'moveSizeId' AS move_size_id,
    body ->> 'lostReason' AS lost_reason,
    core.as_instant(body ->> 'createdAtUtc') AS created_at
FROM landed
