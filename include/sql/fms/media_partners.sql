-- fms.media_partners: one row a person and office (section 2). Coordinates and preferred days are not the vendor's:
-- they belong to media_partners.places.sql and media_partners.preferred_days.sql.
SELECT
    landed.record_id,
    fms.as_id(body ->> 'person_id') AS person_id,
    fms.as_text(body ->> 'office') AS office,
    places.location_id,
    core.as_text(body ->> 'name') AS name,
    fms.as_address(body ->> 'address') AS address,
    core.as_text(body ->> 'default_loan_region') AS default_loan_region,
    core.as_text(body ->> 'notes_instructions') AS notes_instructions,
    core.as_text(body ->> 'affiliation') AS affiliation,
    -- no number is no subcategory (section 2)
    CASE
        WHEN fms.as_number(body ->> 'activity_type_subcategory_id') ~ '^\d+(\.0+)?$'
            THEN fms.as_number(body ->> 'activity_type_subcategory_id')
    END AS activity_type_subcategory_id
FROM landed
LEFT JOIN staged_places AS places
    ON landed.client_id = places.client_id AND places.name = fms.as_text(body ->> 'office')
