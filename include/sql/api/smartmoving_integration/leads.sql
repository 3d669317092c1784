-- Leads of the outbox, the newest first: what was asked for by whom, and how far it got.
SELECT
    leads.client_id, leads.account, leads.lead_id, leads.location_id, locations.name AS location_name,
    leads.idempotency_key, leads.state, leads.dry_run, leads.attempts,
    coalesce(
        leads.payload ->> 'fullName', concat_ws(' ', leads.payload ->> 'firstName', leads.payload ->> 'lastName')
    ) AS name,
    leads.payload ->> 'phoneNumber' AS phone_number, leads.payload ->> 'email' AS email,
    core.as_day(leads.payload ->> 'moveDate') AS move_date, leads.vendor_lead_id, leads.last_error,
    leads.requested_by, leads.created_at, leads.next_attempt_at, leads.sent_at, leads.updated_at
FROM crm.leads
LEFT JOIN core.locations USING (client_id, location_id)
