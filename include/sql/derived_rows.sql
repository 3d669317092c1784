{# The rows of a table computed from merged ones, with the hash that tells whether they differ. #}
SELECT
    derived.*,
    md5(ROW({% for name in columns %}derived.{{ name | ident }}{{ ", " if not loop.last }}{% endfor %})::text)::uuid
    AS row_hash
FROM (
{{ select }}
) AS derived
