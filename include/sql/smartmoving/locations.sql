-- core.locations of SmartMoving: one a branch. The country follows from the form of the postal code; time zone and
-- currency are filled by the shared template.
SELECT
    branches.branch_id AS external_id,
    keys.external_key,
    branches.name,
    branches.city,
    branches.region,
    branches.postal_code,
    CASE
        WHEN branches.postal_code ~ '^[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d$' THEN 'CA'
        WHEN branches.postal_code ~ '^\d{5}(-\d{4})?$' THEN 'US'
    END AS country,
    branches.latitude,
    branches.longitude,
    NULL::text AS timezone
FROM smartmoving.branches
LEFT JOIN smartmoving.original_location_keys AS keys
    ON keys.branch_words = core.normalised_name(split_part(translate(branches.name, '🇨🇺', '||'), '|', 1))
WHERE branches.account = %(account)s AND NOT branches.is_deleted
