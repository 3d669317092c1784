-- Which DAG reads a stream.
SELECT dag_id
FROM ops.expectations
WHERE source = %(source)s AND account = %(account)s AND stream = %(stream)s
