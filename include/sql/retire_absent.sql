{# A complete snapshot is all there is: what it does not hold is a tombstone, for as long as it stays away. A row whose
   key can be read is there, whatever else is wrong with it. All of the slices are one account's. #}
UPDATE {{ root.target | ident }} AS target SET
    is_deleted = TRUE, deleted_at = now(), synced_at = now(), observed_at = snapshot.fetched_to, sync_id = %(sync_id)s
FROM (
    SELECT
        slices.client_id,
        slices.account,
        max(slices.fetched_to) AS fetched_to
    FROM ops.sync_slices AS slices
    WHERE slices.slice_id = ANY(%(slices)s)
    GROUP BY slices.client_id, slices.account
) AS snapshot
WHERE target.client_id = snapshot.client_id AND target.account = snapshot.account
    AND NOT target.is_deleted AND target.observed_at <= snapshot.fetched_to
    AND NOT EXISTS (
        SELECT FROM {{ root.staged | ident }} AS staged
        WHERE TRUE
        {% for name in root.key %}
            AND staged.{{ name | ident }} = target.{{ name | ident }}
        {% endfor %}
    )
