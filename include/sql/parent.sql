-- Columns of a table that refer to its root's key, by the foreign key between them.
SELECT
    ours.attname AS ours,
    theirs.attname AS theirs
FROM pg_constraint AS reference
CROSS JOIN unnest(reference.conkey, reference.confkey) AS pairs (ours, theirs)
INNER JOIN pg_attribute AS ours ON reference.conrelid = ours.attrelid AND pairs.ours = ours.attnum
INNER JOIN pg_attribute AS theirs ON reference.confrelid = theirs.attrelid AND pairs.theirs = theirs.attnum
WHERE reference.contype = 'f'
    AND reference.conrelid = %(target)s::regclass AND reference.confrelid = %(root)s::regclass
