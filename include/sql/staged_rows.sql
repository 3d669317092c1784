{# The rows of a staging table that a merge writes: of each key the newest, where ours is newer than what another run
   has merged in the meantime. #}
SELECT newest.*
FROM (
    SELECT DISTINCT ON ({{ key_list }})
        staged.*,
        verdicts.client_id,
        verdicts.account,
        verdicts.fetched_at AS observed_at,
        verdicts.is_own,
        verdicts.is_gone AS is_deleted
    FROM {{ staged | ident }} AS staged
    INNER JOIN verdicts USING (record_id)
    WHERE verdicts.is_newest
    ORDER BY {{ key_list }}, verdicts.fetched_at DESC, staged.record_id DESC
) AS newest
WHERE newest.is_own
