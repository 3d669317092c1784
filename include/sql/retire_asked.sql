{# A by-id list is complete for the id it was asked for: what it no longer holds is a tombstone, unless a row of the
   answer could not be read. #}
WITH asked AS (
    SELECT
        slices.client_id,
        slices.account,
        keys.record_key,
        slices.fetched_to
    FROM ops.sync_slices AS slices
    CROSS JOIN jsonb_array_elements_text(slices.request -> 'keys') AS keys (record_key)
    WHERE slices.slice_id = ANY(%(slices)s)
        AND NOT EXISTS (
            SELECT FROM landed
            INNER JOIN flaws USING (record_id)
            WHERE landed.asked = keys.record_key AND flaws.severity = 'record'
        )
)

UPDATE {{ root.target | ident }} AS target SET
    is_deleted = TRUE, deleted_at = now(), synced_at = now(), observed_at = asked.fetched_to, sync_id = %(sync_id)s
FROM asked
WHERE target.client_id = asked.client_id AND target.account = asked.account
    AND target.{{ asked_as | ident }}::text = asked.record_key
    AND NOT target.is_deleted AND target.observed_at <= asked.fetched_to
    AND NOT EXISTS (
        SELECT FROM {{ root.staged | ident }} AS staged
        WHERE TRUE
        {% for name in root.key %}
            AND staged.{{ name | ident }} = target.{{ name | ident }}
        {% endfor %}
    )
