-- tech_daily_metrics of days on which the technician has no posted labor any more.
DELETE FROM tekmetric.tech_daily_metrics AS target
USING changed_days
WHERE target.client_id = %(client)s AND target.account = %(account)s
    AND target.tm_shop_id = changed_days.tm_shop_id AND target.metric_date = changed_days.metric_date
    AND NOT EXISTS (
        SELECT FROM tekmetric.ro_snapshots AS snapshots
        WHERE snapshots.client_id = target.client_id AND snapshots.account = target.account
            AND snapshots.tm_shop_id = target.tm_shop_id AND snapshots.snapshot_date = target.metric_date
            AND NOT snapshots.is_deleted AND snapshots.snapshot_trigger = 'posted'
            AND snapshots.labor_technicians
            @> jsonb_build_array(jsonb_build_object('technician', target.tm_technician_id))
    )
