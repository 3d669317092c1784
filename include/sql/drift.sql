{# What nobody declared is noted once and loads all the same: codes that the vocabulary lacks, names of no location.
   A reference list defines codes of its vocabulary; every other column only uses them. What is known is left out before
   the verdicts are looked up: as a rule that is all. #}
WITH sent AS (
    {% for watched in columns %}
    SELECT DISTINCT
        {{ watched.vocabulary | literal }} AS vocabulary,
        {{ watched.defines | literal }} AS defines,
        {% if watched.vocabulary == "location" %}
        coalesce(staged.{{ watched.column_name | ident }}, '(none sent)') AS code
        {% else %}
        staged.{{ watched.column_name | ident }}::text AS code
        {% endif %}
    FROM {{ watched.staged | ident }} AS staged
    INNER JOIN verdicts USING (record_id)
    {% if watched.vocabulary == "location" %}
    INNER JOIN core.locations ON staged.location_id = locations.location_id AND NOT locations.is_mapped
    WHERE verdicts.is_own AND verdicts.is_newest
    {% else %}
    WHERE verdicts.is_own AND verdicts.is_newest AND staged.{{ watched.column_name | ident }} IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM core.codes AS known
            WHERE known.source = %(source)s AND known.vocabulary = {{ watched.vocabulary | literal }}
                AND known.code = staged.{{ watched.column_name | ident }}::text AND known.is_known
        )
    {% endif %}
    {{ "UNION" if not loop.last }}
    {% endfor %}
),

unknown AS (
    SELECT
        sent.vocabulary,
        sent.code,
        bool_or(sent.defines) AS defines
    FROM sent
    WHERE sent.vocabulary <> 'location'
    GROUP BY sent.vocabulary, sent.code
),

added AS (
    INSERT INTO core.codes AS known (source, vocabulary, code, is_known)
    SELECT
        %(source)s,
        unknown.vocabulary,
        unknown.code,
        unknown.defines
    FROM unknown
    ON CONFLICT (source, vocabulary, code) DO UPDATE SET is_known = TRUE
    WHERE excluded.is_known AND NOT known.is_known
)

INSERT INTO ops.schema_drift (source, stream, kind, subject, sync_id)
SELECT
    %(source)s,
    %(stream)s,
    'unknown_code',
    unknown.vocabulary || ' ' || unknown.code,
    %(sync_id)s
FROM unknown
WHERE NOT unknown.defines
UNION ALL
SELECT
    %(source)s,
    %(stream)s,
    'unmapped_location',
    sent.code,
    %(sync_id)s
FROM sent
WHERE sent.vocabulary = 'location'
ON CONFLICT (source, stream, kind, subject) DO NOTHING
