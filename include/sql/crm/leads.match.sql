-- Which of the vendor's leads are these of ours: the same name and wanted day, the same phone or e-mail, and neither
-- of the two another one. `listed`: the answer of a look-up; else what the warehouse knows of open leads.
WITH found AS (
{% if listed %}
    SELECT
        record ->> 'id' AS vendor_lead_id,
        core.normalised_name(record ->> 'customerName') AS name_key,
        crm.phone_key(record ->> 'phoneNumber') AS phone_key,
        crm.email_key(record ->> 'emailAddress') AS email_key,
        coalesce(core.as_day(record ->> 'serviceDate'), '') AS move_day,
        core.as_instant(record ->> 'createdAtUtc') AS created
    FROM jsonb_array_elements(%(records)s::jsonb) AS record
{% else %}
    SELECT
        lead_id AS vendor_lead_id,
        core.normalised_name(customer_name) AS name_key,
        crm.phone_key(phone_number) AS phone_key,
        crm.email_key(email_address) AS email_key,
        coalesce(to_char(service_date, 'YYYY-MM-DD'), '') AS move_day,
        to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS') AS created
    FROM smartmoving.leads
    WHERE client_id = %(client)s AND account = %(account)s AND NOT is_deleted AND status IN (0, 1)
{% endif %}
)

SELECT
    ours.lead_id,
    found.vendor_lead_id,
    EXISTS (
        SELECT FROM crm.leads AS other
        WHERE other.client_id = ours.client_id AND other.account = ours.account AND other.state = 'sent'
            AND other.vendor_lead_id = found.vendor_lead_id
    ) AS is_taken,
    (
        SELECT count(*) FROM crm.leads AS other
        WHERE other.client_id = ours.client_id AND other.account = ours.account AND other.state = 'sent'
            AND other.vendor_lead_id IS NULL AND other.lead_id <> ours.lead_id AND other.name_key = ours.name_key
            AND other.move_day = ours.move_day AND other.phone_key IS NOT DISTINCT FROM ours.phone_key
            AND other.email_key IS NOT DISTINCT FROM ours.email_key
    ) AS held
FROM crm.leads AS ours
INNER JOIN found
    ON found.name_key = ours.name_key AND found.move_day = ours.move_day
    AND (found.phone_key = ours.phone_key OR found.email_key = ours.email_key)
    AND coalesce(found.phone_key = ours.phone_key, TRUE)
    AND coalesce(found.email_key = ours.email_key, TRUE)
WHERE ours.lead_id = ANY(%(leads)s)
ORDER BY ours.lead_id, found.created, found.vendor_lead_id
