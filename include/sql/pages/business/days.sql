{# A branch's days as the view has them; a day on which nothing happened has no row. #}
SELECT
    metric_date{% for column in columns %},
    {{ column | ident }}{% endfor %}

FROM metrics.{{ view | ident }}
WHERE location_id = %(branch)s AND metric_date BETWEEN %(since)s AND %(until)s
ORDER BY metric_date
