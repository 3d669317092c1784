-- fms.approved_makes: one row a person and make (section 2). It has no office: it is its partner's.
WITH partners AS (
    SELECT
        media_partners.client_id,
        media_partners.account,
        media_partners.person_id,
        array_agg(DISTINCT media_partners.location_id ORDER BY media_partners.location_id) AS location_ids
    FROM fms.media_partners
    WHERE media_partners.location_id IS NOT NULL
    GROUP BY media_partners.client_id, media_partners.account, media_partners.person_id
)

SELECT
    landed.record_id,
    fms.as_id(body ->> 'person_id') AS person_id,
    fms.as_text(body ->> 'make') AS make,
    core.as_text(body ->> 'name') AS name,
    fms.as_text(body ->> 'rank') AS rank,
    coalesce(partners.location_ids, '{}') AS location_ids
FROM landed
LEFT JOIN partners
    ON landed.client_id = partners.client_id AND landed.account = partners.account
    AND partners.person_id = fms.as_id(body ->> 'person_id')
