{# Records the vendor says it does not have: kept, marked, with their children; never deleted. What another run was
   told counts too, and a later answer of the same id outweighs it. #}
UPDATE {{ table.target | ident }} AS target SET
    is_deleted = TRUE, deleted_at = now(), synced_at = now(), observed_at = landed.fetched_at, sync_id = %(sync_id)s
FROM landed
WHERE landed.flaw = 'not_found'
    AND target.client_id = landed.client_id AND target.account = landed.account
    AND target.{{ asked_as | ident }}::text = landed.asked
    AND NOT target.is_deleted AND target.observed_at <= landed.fetched_at
    AND NOT EXISTS (
        SELECT FROM landed AS later
        WHERE later.asked = landed.asked AND later.account = landed.account
            AND later.flaw IS DISTINCT FROM 'not_found' AND later.fetched_at > landed.fetched_at
    )
