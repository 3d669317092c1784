-- Employees whose pay is asked for, through the first of their shops: every one that was not asked for in the last day,
-- the changed ones at once.
SELECT DISTINCT ON (employees.tm_id)
    employees.tm_id::text AS record_key,
    CASE WHEN lookup.record_key IS NULL THEN 'new' ELSE 'changed' END AS reason,
    employees.location_id,
    employees.tm_shop_id::text AS place
FROM tekmetric.employees
LEFT JOIN ops.lookups AS lookup
    ON lookup.source = 'tekmetric' AND employees.account = lookup.account AND lookup.stream = 'pay'
    AND employees.tm_id::text = lookup.record_key
    -- an answer of the future is no answer: a clock was wrong (T64)
    AND lookup.asked_at <= now() + interval '1 day'
WHERE employees.account = %(account)s AND NOT employees.is_deleted
    AND (
        lookup.record_key IS NULL OR lookup.asked_at < %(now)s - interval '1 day'
        OR lookup.asked_at < employees.observed_at
    )
ORDER BY employees.tm_id, employees.tm_shop_id
