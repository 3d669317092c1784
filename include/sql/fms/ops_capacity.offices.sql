-- ops_capacity, holiday_blackout_dates and budgets: the location of each office that a workbook names, for one that no
-- report had named when it was loaded, or that became an alias since; no part of what the workbook says.
WITH offices AS (
    SELECT
        named.office,
        core.location_named(%(client)s, 'fms', %(account)s, named.office) AS location_id
    FROM (
        SELECT office FROM fms.ops_capacity
        WHERE client_id = %(client)s AND account = %(account)s
        UNION
        SELECT office FROM fms.holiday_blackout_dates
        WHERE client_id = %(client)s AND account = %(account)s
        UNION
        SELECT office FROM fms.budgets
        WHERE client_id = %(client)s AND account = %(account)s
    ) AS named
),

capacity AS (
    UPDATE fms.ops_capacity AS target SET
        location_id = offices.location_id, synced_at = now(), sync_id = %(sync_id)s
    FROM offices
    WHERE target.client_id = %(client)s AND target.account = %(account)s AND target.office = offices.office
        AND target.location_id IS DISTINCT FROM offices.location_id
),

holidays AS (
    UPDATE fms.holiday_blackout_dates AS target SET
        location_id = offices.location_id, synced_at = now(), sync_id = %(sync_id)s
    FROM offices
    WHERE target.client_id = %(client)s AND target.account = %(account)s AND target.office = offices.office
        AND target.location_id IS DISTINCT FROM offices.location_id
)

UPDATE fms.budgets AS target SET
    location_id = offices.location_id, synced_at = now(), sync_id = %(sync_id)s
FROM offices
WHERE target.client_id = %(client)s AND target.account = %(account)s AND target.office = offices.office
    AND target.location_id IS DISTINCT FROM offices.location_id
