{#
  One page of a collection, in the order of its key. `conditions` are the code's own words; what was asked travels as
  parameters. A row comes as the JSON that PostgreSQL writes, exact to the last digit, beside its key as text.
#}
SELECT
    row_to_json(page)::text AS body{% for column in key %},
    page.{{ column | ident }}::text AS key_{{ loop.index0 }}{% endfor %}

FROM (
{% include 'api/rows.sql' %}
) AS page
ORDER BY {% for column in key %}page.{{ column | ident }}{{ ' DESC' if descending }}{{ ', ' if not loop.last }}{% endfor %}

