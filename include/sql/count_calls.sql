-- Add calls to the ledger of a credential's UTC day, a row a class of calls.
INSERT INTO ops.api_calls AS day (source, account, called_on, priority, calls)
SELECT %(source)s, %(account)s, (now() AT TIME ZONE 'UTC')::date, made.priority, made.calls
FROM unnest(%(priorities)s::text[], %(calls)s::bigint[]) AS made (priority, calls)
WHERE made.calls > 0
ON CONFLICT (source, account, called_on, priority) DO UPDATE SET calls = day.calls + excluded.calls
