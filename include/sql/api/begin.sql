-- Who asks, and how long he may: all of it ends with the transaction, so that a pool leaks nothing. A question is
-- planned with its own values: filters that were left open make a plan for any values a bad one.
SELECT
    set_config('branchline.user', %(user)s, TRUE) AS asking_user,
    set_config('statement_timeout', %(statement)s, TRUE) AS statement_limit,
    set_config('transaction_timeout', %(transaction)s, TRUE) AS transaction_limit,
    set_config('work_mem', '16MB', TRUE) AS memory,
    set_config('plan_cache_mode', 'force_custom_plan', TRUE) AS planning
