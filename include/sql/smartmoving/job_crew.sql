-- smartmoving.job_crew: one row a crew member's name (crewMembers with IncludeDispatchInfo, section 5.2).
SELECT
    landed.record_id,
    job.value ->> 'id' AS job_id,
    member.ordinal::text AS ordinal,
    body ->> 'id' AS opportunity_id,
    root.location_id,
    member.value AS crew_member
FROM landed
INNER JOIN staged_opportunities AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'jobs')) AS job (value)
CROSS JOIN
    jsonb_array_elements_text(core.elements(job.value -> 'crewMembers')) WITH ORDINALITY AS member (value, ordinal)
