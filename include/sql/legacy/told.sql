-- The legacy rows by their own word: which stream each becomes, or why it is left out.
SELECT
    legacy_type,
    sync_type,
    reason,
    count(*) AS number
FROM legacy_rows
GROUP BY legacy_type, sync_type, reason
ORDER BY legacy_type, reason
