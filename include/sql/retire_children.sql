{# The children of what the snapshot retired. #}
UPDATE {{ child.target | ident }} AS target SET
    is_deleted = TRUE, deleted_at = now(), synced_at = now(), observed_at = parent.observed_at, sync_id = %(sync_id)s
FROM {{ root.target | ident }} AS parent
WHERE parent.is_deleted AND parent.sync_id = %(sync_id)s AND NOT target.is_deleted
    AND target.client_id = parent.client_id AND target.account = parent.account
    {% for name in root.key %}
    AND target.{{ child.parent[loop.index0] | ident }} = parent.{{ name | ident }}
    {% endfor %}
