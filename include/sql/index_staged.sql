CREATE INDEX ON {{ table.staged | ident }} (record_id)
