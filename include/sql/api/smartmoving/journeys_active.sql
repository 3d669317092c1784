-- The view's columns are what drivers and dispatchers may read too: no money, no raw job.
SELECT
    client_id, external_id, location_id, location_name, date, days_ahead, status, start_time, end_time, notes, tags,
    data_source, sync_status, last_sync_at
FROM crm.active_journeys
