-- employees: what the shop API alone knows of them, as tekmetric.pay has it. No part of the row's hash.
UPDATE tekmetric.employees AS target SET
    hourly_rate = pay.hourly_rate, salary = pay.salary, pay_type = pay.pay_type, status = pay.status,
    username = pay.username
FROM tekmetric.pay
WHERE target.client_id = %(client)s AND target.account = %(account)s
    AND pay.client_id = target.client_id AND pay.account = target.account
    AND pay.tm_shop_id = target.tm_shop_id AND pay.tm_id = target.tm_id AND NOT pay.is_deleted
    AND pay.synced_at >= %(since)s
    AND (target.hourly_rate, target.salary, target.pay_type, target.status, target.username)
    IS DISTINCT FROM (pay.hourly_rate, pay.salary, pay.pay_type, pay.status, pay.username)
