-- Columns whose codes are declared in core.codes, each with its vocabulary (section 1.8). Every column behind a foreign
-- key to core.codes is among them: that key is checked at the end of the transaction, when drift has added the code.
SELECT
    watched.table_name,
    watched.column_name,
    watched.vocabulary,
    FALSE AS defines
FROM (
    VALUES
    ('employees', 'role', 'employeeRole'),
    ('customers', 'customer_type_id', 'customerType'),
    ('repair_orders', 'status_id', 'repairOrderStatus'),
    ('job_parts', 'part_type_id', 'partType')
) AS watched (table_name, column_name, vocabulary)
