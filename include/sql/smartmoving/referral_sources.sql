-- smartmoving.referral_sources: one row a source, leading spaces kept (section 11.13).
SELECT
    landed.record_id,
    body ->> 'id' AS referral_source_id,
    body ->> 'name' AS name,
    body ->> 'isLeadProvider' AS is_lead_provider,
    body ->> 'isPublic' AS is_public
FROM landed
