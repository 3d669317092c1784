-- fms.approved_makes: one row a person and make (section 2). It has no office: it is its partner's.
SELECT
    landed.record_id,
    fms.as_id(body ->> 'person_id') AS person_id,
    fms.as_text(body ->> 'make') AS make,
    core.as_text(body ->> 'name') AS name,
    fms.as_text(body ->> 'rank') AS rank,
    coalesce(partners.location_ids, '{}') AS location_ids
FROM landed
LEFT JOIN fms.partner_places AS partners
    ON landed.client_id = partners.client_id AND landed.account = partners.account
    AND partners.person_id = fms.as_id(body ->> 'person_id')
