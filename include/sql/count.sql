-- What one stream landed, a verdict a record: what has none is in quarantine.
SELECT
    sent.fetched,
    judged.duplicates,
    judged.unchanged,
    judged.stale,
    judged.deleted,
    sent.fetched - judged.records AS quarantined
FROM (
    SELECT count(*) AS fetched
    FROM landed
    WHERE is_own AND flaw IS DISTINCT FROM 'not_found'
) AS sent
CROSS JOIN (
    SELECT
        count(*) AS records,
        count(*) FILTER (WHERE verdict = 'duplicate') AS duplicates,
        count(*) FILTER (WHERE verdict = 'unchanged') AS unchanged,
        count(*) FILTER (WHERE verdict = 'stale') AS stale,
        count(*) FILTER (WHERE verdict IN ('created', 'updated') AND is_gone) AS deleted
    FROM verdicts
    WHERE is_own
) AS judged
