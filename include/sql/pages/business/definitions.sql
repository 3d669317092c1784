-- What each column of a view means: its comment, the same as in the data dictionary.
SELECT attname AS name, col_description(attrelid, attnum) AS definition
FROM pg_attribute
WHERE attrelid = ('metrics.' || quote_ident(%(view)s::text))::regclass AND attnum > 0 AND NOT attisdropped
