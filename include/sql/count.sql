-- What one stream landed, a verdict a record.
SELECT
    count(*) FILTER (WHERE landed.flaw IS DISTINCT FROM 'not_found') AS fetched,
    count(*) FILTER (WHERE verdicts.verdict = 'duplicate') AS duplicates,
    count(*) FILTER (WHERE verdicts.verdict = 'unchanged') AS unchanged,
    count(*) FILTER (WHERE verdicts.verdict = 'stale') AS stale,
    count(*) FILTER (WHERE verdicts.verdict IN ('created', 'updated') AND verdicts.is_gone) AS deleted,
    count(*) FILTER (WHERE verdicts.verdict IS NULL AND landed.flaw IS DISTINCT FROM 'not_found') AS quarantined
FROM landed
LEFT JOIN verdicts USING (record_id)
WHERE landed.is_own
