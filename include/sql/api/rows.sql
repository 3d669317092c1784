{# The rows that were asked for; without a limit, all of them. #}
SELECT found.*
FROM (
{% include select %}
) AS found
{% if conditions %}
WHERE {% for condition in conditions %}{{ condition }}{{ '\n    AND ' if not loop.last }}{% endfor %}

{% endif %}
ORDER BY {% for column in key %}found.{{ column | ident }}{{ ' DESC' if descending }}{{ ', ' if not loop.last }}{% endfor %}

{% if is_limited %}
LIMIT %(limit)s
{% endif %}
