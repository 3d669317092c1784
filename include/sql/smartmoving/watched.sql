-- Columns of SmartMoving that are watched for drift: which vocabulary their codes belong to (section 6), or `location`
-- for a location's name as sent. A list that defines codes makes them known: the custom service types of a company.
SELECT
    watched.table_name,
    watched.column_name,
    watched.vocabulary,
    watched.defines
FROM (
    VALUES
    ('service_types', 'service_type', 'JobType', TRUE),
    ('customers', 'phone_type', 'PhoneType', FALSE),
    ('customer_phones', 'phone_type', 'PhoneType', FALSE),
    ('swept_opportunities', 'status', 'OpportunityStatus', FALSE),
    ('swept_jobs', 'service_type', 'JobType', FALSE),
    ('leads', 'status', 'OpportunityStatus', FALSE),
    ('leads', 'service_type', 'JobType', FALSE),
    ('leads', 'phone_type', 'PhoneType', FALSE),
    ('leads', 'branch_name', 'location', FALSE),
    ('opportunities', 'status', 'OpportunityStatus', FALSE),
    ('opportunities', 'opportunity_type', 'OpportunityType', FALSE),
    ('opportunities', 'service_type', 'JobType', FALSE),
    ('opportunities', 'branch_name', 'location', FALSE),
    ('opportunity_jobs', 'service_type', 'JobType', FALSE),
    ('job_charges', 'charge_category', 'JobChargeCategory', FALSE),
    ('payments', 'payment_source', 'PaymentSource', FALSE),
    ('payments', 'payment_type', 'PaymentType', FALSE),
    ('payments', 'payment_category', 'PaymentCategory', FALSE),
    ('jobs', 'service_type', 'JobType', FALSE)
) AS watched (table_name, column_name, vocabulary, defines)
