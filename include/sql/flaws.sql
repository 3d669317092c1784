{# Every flaw of a stream's tables and of its landed records; `record` rejects the payload, `field` nulls a field. #}
CREATE TEMP TABLE flaws ON COMMIT DROP AS
{% for table in tables %}
SELECT
    staged.record_id,
    {{ table.target | literal }} AS table_name,
    split_part(found.fault, ':', 1) AS reason,
    split_part(found.fault, ':', 2) AS field,
    CASE WHEN split_part(found.fault, ':', 2) = ANY({{ table.fatal | literal }}::text[]) THEN 'record' ELSE 'field' END
    AS severity
FROM {{ table.staged | ident }} AS staged
INNER JOIN landed USING (record_id)
CROSS JOIN unnest(staged.flaws) AS found (fault)
WHERE staged.flaws <> '{}' AND landed.body IS NOT NULL
UNION ALL
{% endfor %}
SELECT
    landed.record_id,
    {{ root.target | literal }},
    landed.flaw,
    '',
    CASE WHEN landed.body IS NULL THEN 'record' ELSE 'field' END
FROM landed
WHERE landed.flaw IS NOT NULL AND landed.flaw <> 'not_found'
