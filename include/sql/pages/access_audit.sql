-- What was done last.
SELECT *
FROM (
{% include 'api/access/audit.sql' %}
) AS done
ORDER BY audit_id DESC
LIMIT %(limit)s
