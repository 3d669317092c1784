-- One decision of one person; PostgreSQL says whether he may, and writes down who he is.
INSERT INTO ops.quarantine_decisions (client_id, source, account, stream, table_name, reason, field, decision, why)
VALUES (
    %(client_id)s, %(source)s, %(account)s, %(stream)s, %(table_name)s, %(reason)s, %(field)s, %(decision)s, %(why)s
)
RETURNING decision_id
