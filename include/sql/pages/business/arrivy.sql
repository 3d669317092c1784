-- A period of each group: sums of metrics.group_performance, ratios of sums. Utilisation is of member days.
SELECT
    location_id,
    location_name,
    NULL::text AS currency,
    sum(tasks)::bigint AS tasks,
    sum(completed)::bigint AS completed,
    sum(cancelled)::bigint AS cancelled,
    sum(exceptions)::bigint AS exceptions,
    sum(started)::bigint AS started,
    sum(on_time)::bigint AS on_time,
    core.half_even(100 * sum(on_time) / nullif(sum(started), 0), 2) AS on_time_percent,
    sum(scheduled_hours) AS scheduled_hours,
    core.half_even(
        100 * sum(crew_members_sent) FILTER (WHERE crew_members IS NOT NULL) / nullif(sum(crew_members), 0), 2
    ) AS crew_utilisation_percent
FROM metrics.group_days(%(since)s, %(until)s)
WHERE %(branch)s::integer IS NULL OR location_id = %(branch)s
GROUP BY location_id, location_name
