-- daily_shop_metrics of days that lost all their orders.
DELETE FROM tekmetric.daily_shop_metrics AS target
USING changed_days
WHERE target.client_id = %(client)s AND target.account = %(account)s
    AND target.tm_shop_id = changed_days.tm_shop_id AND target.metric_date = changed_days.metric_date
    AND NOT EXISTS (
        SELECT FROM tekmetric.ro_snapshots AS snapshots
        WHERE snapshots.client_id = target.client_id AND snapshots.account = target.account
            AND snapshots.tm_shop_id = target.tm_shop_id AND snapshots.snapshot_date = target.metric_date
            AND NOT snapshots.is_deleted AND snapshots.snapshot_trigger <> 'manual'
    )
