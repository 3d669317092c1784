-- How many partners with an address have a place, kept as the result of a check.
INSERT INTO ops.check_results (
    source, account, client_id, check_name, severity, checked, failed, worst, examples, dag_id, run_id
)
SELECT
    'fms',
    %(account)s,
    %(client)s,
    'partners_without_a_place',
    'warning',
    count(*),
    count(*) FILTER (WHERE partners.latitude IS NULL),
    core.half_even(100.0 * count(*) FILTER (WHERE partners.latitude IS NULL) / nullif(count(*), 0), 1),
    coalesce(
        (
            SELECT jsonb_agg(jsonb_build_object('key', lacking.person_id, 'office', lacking.office))
            FROM (
                SELECT person_id, office FROM fms.media_partners
                WHERE client_id = %(client)s AND account = %(account)s AND NOT is_deleted
                    AND fms.address_key(address) IS NOT NULL AND latitude IS NULL
                ORDER BY person_id, office
                LIMIT 10
            ) AS lacking
        ),
        '[]'
    ),
    %(dag_id)s,
    %(run_id)s
FROM fms.media_partners AS partners
WHERE partners.client_id = %(client)s AND partners.account = %(account)s AND NOT partners.is_deleted
    AND fms.address_key(partners.address) IS NOT NULL
RETURNING checked, failed
