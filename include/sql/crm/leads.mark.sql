-- Write the outcome of a claim and give it back; nothing happens where the claim is another's by now.
UPDATE crm.leads SET
    state = %(state)s,
    next_attempt_at = now() + make_interval(secs => %(wait)s),
    last_error = left(%(error)s, 1000),
    vendor_lead_id = %(vendor_lead_id)s,
    doubtful_since = CASE WHEN %(is_doubtful)s THEN doubtful_since END,
    sent_at = CASE WHEN %(state)s = 'sent' THEN now() END,
    claimed_by = NULL,
    claimed_until = NULL,
    updated_at = now()
WHERE lead_id = %(lead_id)s AND claimed_by = %(claim)s
RETURNING lead_id
