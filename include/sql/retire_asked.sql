{# A by-id list is complete for the id it was asked for: what it no longer holds is a tombstone. #}
UPDATE {{ root.target | ident }} AS target SET
    is_deleted = TRUE, deleted_at = now(), synced_at = now(), observed_at = slices.fetched_to, sync_id = %(sync_id)s
FROM ops.sync_slices AS slices
WHERE slices.slice_id = ANY(%(slices)s)
    AND target.client_id = slices.client_id AND target.account = slices.account
    AND slices.request -> 'keys' ? target.{{ asked_as | ident }}
    AND NOT target.is_deleted AND target.observed_at <= slices.fetched_to
    AND NOT EXISTS (
        SELECT FROM {{ root.staged | ident }} AS staged
        WHERE TRUE
        {% for name in root.key %}
            AND staged.{{ name | ident }} = target.{{ name | ident }}
        {% endfor %}
    )
