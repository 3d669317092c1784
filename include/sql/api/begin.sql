-- Who asks, and how long he may: all of it ends with the transaction, so that a pool leaks nothing.
SELECT
    set_config('branchline.user', %(user)s, TRUE),
    set_config('statement_timeout', %(statement)s, TRUE),
    set_config('transaction_timeout', %(transaction)s, TRUE),
    set_config('work_mem', '16MB', TRUE)
