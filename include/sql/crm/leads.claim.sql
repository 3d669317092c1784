-- Claim what is due: nobody else's row, and a row whose claim has ended (its worker died) too, but none twice in one
-- pass. Committed before any call, so that a killed worker leaves a trace of what it may have sent.
WITH due AS (
    SELECT lead_id, state
    FROM crm.leads
    WHERE client_id = %(client)s AND account = %(account)s AND NOT dry_run
        AND lead_id <> ALL(%(seen)s)
        AND (
            (state IN ('pending', 'unknown') AND next_attempt_at <= now())
            OR (state = 'sending' AND claimed_until <= now())
        )
    ORDER BY next_attempt_at, lead_id
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)

UPDATE crm.leads SET
    state = 'sending',
    claimed_by = %(claim)s,
    claimed_until = clock_timestamp() + make_interval(secs => %(lease)s),
    updated_at = now()
FROM due
WHERE leads.lead_id = due.lead_id
RETURNING
    leads.lead_id, leads.payload, leads.allow_new_texts, leads.attempts, leads.created_at, leads.posted_at,
    leads.doubtful_since,
    due.state = 'unknown' OR (due.state = 'sending' AND leads.doubtful_since IS NOT NULL) AS is_unheard,
    (
        SELECT locations.external_id FROM core.locations
        WHERE locations.location_id = leads.location_id AND locations.is_mapped
    ) AS branch_id
