-- Days of shops whose metrics have to be made anew: those that a snapshot joined, left or changed on in this very
-- transaction, and those that somebody asks for.
SELECT tm_shop_id, snapshot_date AS metric_date
FROM tekmetric.ro_snapshots
WHERE client_id = %(client)s AND account = %(account)s AND synced_at = now() AND snapshot_trigger <> 'manual'
UNION
SELECT tm_shop_id, snapshot_date
FROM tekmetric.ro_snapshots
WHERE client_id = %(client)s AND account = %(account)s AND snapshot_date BETWEEN %(first)s AND %(last)s
UNION
SELECT tm_shop_id, metric_date
FROM tekmetric.daily_shop_metrics
WHERE client_id = %(client)s AND account = %(account)s AND metric_date BETWEEN %(first)s AND %(last)s
