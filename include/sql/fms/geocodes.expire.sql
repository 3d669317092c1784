-- Coordinates that may not be kept any longer leave; the provider's id of the place may stay (section 8).
UPDATE fms.geocodes SET
    status = 'not_found', latitude = NULL, longitude = NULL, detail = 'expired'
WHERE client_id = %(client)s AND expires_at <= now() AND status = 'found'
