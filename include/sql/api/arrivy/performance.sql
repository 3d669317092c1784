SELECT
    client_id, account, location_id, location_name, metric_date, tasks, completed, cancelled, exceptions, started,
    on_time, on_time_percent, scheduled_hours, members_sent, crew_members, crew_members_sent, crew_utilisation_percent
FROM metrics.group_performance
