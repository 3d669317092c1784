-- smartmoving.service_types: one row a JobType code; codes from 101 mean something else in every company (section 6).
SELECT
    landed.record_id,
    body ->> 'id' AS service_type,
    body ->> 'name' AS name,
    body ->> 'scalingFactorPercentage' AS scaling_factor_percentage,
    body ->> 'hasActivityLoading' AS has_activity_loading,
    body ->> 'hasActivityFinishedLoading' AS has_activity_finished_loading,
    body ->> 'hasActivityUnloading' AS has_activity_unloading,
    body ->> 'order' AS sort_order
FROM landed
