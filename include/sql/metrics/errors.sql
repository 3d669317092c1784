-- The errors that stand: what the last run of an account found, a row a check, with the record that breaks it worst. An
-- error is found again by every run until it is mended (checks.sql), so no earlier run is asked.
SELECT
    found.check_name,
    sum(found.failed)::bigint AS failed,
    sum(found.checked)::bigint AS checked,
    (array_agg(found.examples -> 0 ORDER BY found.worst DESC NULLS LAST, found.check_result_id))[1] AS example,
    (
        array_agg(coalesce(locations.name, 'no location') ORDER BY found.worst DESC NULLS LAST, found.check_result_id)
    )[1] AS place
FROM ops.check_results AS found
LEFT JOIN core.locations ON found.location_id = locations.location_id
WHERE found.client_id = %(client)s AND found.account = %(account)s AND found.source = %(source)s
    AND found.check_name = ANY(%(checks)s) AND found.severity = 'error'
    AND found.checked_at = (
        SELECT max(newest.checked_at) FROM ops.check_results AS newest
        WHERE newest.client_id = %(client)s AND newest.account = %(account)s AND newest.source = %(source)s
            AND newest.check_name = ANY(%(checks)s)
    )
GROUP BY found.check_name
HAVING sum(found.failed) > 0
ORDER BY found.check_name
