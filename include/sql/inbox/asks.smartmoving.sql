-- The vendor answers by id for opportunities, and for the jobs of one (sections 5.2 and 5.3). A deletion is asked for
-- too: the answer "not found" makes the tombstone, not the event.
SELECT
    taken.event_id,
    CASE
        WHEN opportunity.id IS NULL THEN NULL
        WHEN taken.object_type = 'opportunity' AND taken.event_type <> 'opportunity-deleted'
            THEN jsonb_build_object('opportunities', opportunity.id)
        WHEN taken.object_type IN ('job', 'opportunity')
            THEN jsonb_build_object('opportunities', opportunity.id, 'jobs', opportunity.id)
        WHEN taken.object_type = 'payment' THEN jsonb_build_object('opportunities', opportunity.id)
    END AS asks,
    CASE taken.object_type
        WHEN 'job' THEN 'no opportunity of this job is known yet: the next sweep finds it'
        WHEN 'payment' THEN 'a payment without an opportunity: storage is not read'
        WHEN 'followup' THEN 'follow-ups are not read'
        WHEN 'customer' THEN 'a customer is not asked for by id: the next sweep reads it'
        ELSE 'an event of a kind that is not known'
    END AS why
FROM taken
LEFT JOIN LATERAL (
    SELECT jobs.opportunity_id FROM smartmoving.opportunity_jobs AS jobs
    WHERE taken.object_type = 'job' AND jobs.account = taken.account AND jobs.job_id = taken.object_id
    UNION ALL
    SELECT jobs.opportunity_id FROM smartmoving.swept_jobs AS jobs
    WHERE taken.object_type = 'job' AND jobs.account = taken.account AND jobs.job_id = taken.object_id
    LIMIT 1
) AS of_job ON TRUE
LEFT JOIN LATERAL (
    SELECT CASE
        WHEN taken.event_type IN (
            'opportunity-created', 'opportunity-changed', 'opportunity-status-changed', 'opportunity-deleted',
            'payment-made'
        ) THEN nullif(taken.payload ->> 'opportunity-id', '')
        WHEN taken.event_type IN (
            'job-created', 'job-deleted', 'job-finalized', 'job-closed', 'job-reset', 'service-type-changed'
        ) THEN of_job.opportunity_id
    END AS id
) AS opportunity ON TRUE
