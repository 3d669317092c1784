-- core.locations of Arrivy: one a group, with the zone that the vendor sends (section 4.6).
SELECT
    groups.group_id AS external_id,
    NULL::text AS external_key,
    groups.name,
    groups.city,
    groups.state AS region,
    groups.zipcode AS postal_code,
    CASE
        WHEN groups.country IN ('US', 'USA') THEN 'US'
        WHEN groups.country IN ('CA', 'CAN') THEN 'CA'
    END AS country,
    groups.latitude,
    groups.longitude,
    arrivy.as_zone(groups.timezone) AS timezone
FROM arrivy.groups
WHERE groups.account = %(account)s AND NOT groups.is_deleted
