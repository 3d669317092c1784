-- The last step before a POST: from here on its effect is in doubt. Only for a claim that outlives the POST's longest
-- time, so that nobody can look the lead up and send it again while this POST is still on its way.
UPDATE crm.leads SET
    attempts = attempts + 1,
    posted_at = coalesce(posted_at, clock_timestamp()),
    doubtful_since = clock_timestamp(),
    updated_at = now()
WHERE lead_id = %(lead_id)s AND claimed_by = %(claim)s
    AND claimed_until > clock_timestamp() + make_interval(secs => %(longest)s)
RETURNING attempts
