SELECT
    partners.client_id, partners.account, partners.person_id, partners.office, partners.location_id, partners.name,
    partners.address, partners.default_loan_region, partners.affiliation, partners.latitude, partners.longitude,
    partners.geocode_precision, partners.preferred_day_of_week, partners.preferred_day_confidence,
    partners.allowed_start_dows, partners.notes_instructions, partners.synced_at
FROM fms.media_partners AS partners
WHERE NOT partners.is_deleted
