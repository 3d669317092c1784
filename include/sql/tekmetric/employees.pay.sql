-- employees: what the shop API alone knows of them, as tekmetric.pay has it: an id is one person, in whatever shop. No
-- part of the row's hash; the row counts as written, so that the metrics of its days are looked at again.
UPDATE tekmetric.employees AS target SET
    hourly_rate = pay.hourly_rate, salary = pay.salary, pay_type = pay.pay_type, status = pay.status,
    username = pay.username, synced_at = now(), sync_id = %(sync_id)s
FROM tekmetric.pay
WHERE target.client_id = %(client)s AND target.account = %(account)s
    AND pay.client_id = target.client_id AND pay.account = target.account
    AND pay.tm_id = target.tm_id AND NOT pay.is_deleted
    AND pay.synced_at >= %(since)s
    AND (target.hourly_rate, target.salary, target.pay_type, target.status, target.username)
    IS DISTINCT FROM (pay.hourly_rate, pay.salary, pay.pay_type, pay.status, pay.username)
