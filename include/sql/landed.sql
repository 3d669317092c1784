{# landed_rows.sql as a table: everything but typing looks at it again and again. #}
CREATE TEMP TABLE landed ON COMMIT DROP AS
{% include "landed_rows.sql" %}
