-- What the 66 branches of bench/history.sql came to: five opportunities a branch and day, three of them moves, two more
-- leads, over %(days)s days and the same days of the year before.
INSERT INTO smartmoving.opportunities (
    opportunity_id, location_id, status, service_date, final_total_cents, tax_cents, created_at, client_id, account,
    observed_at, row_hash
)
SELECT
    places.location_id || '-' || day || '-' || number, places.location_id, (ARRAY[4, 10, 11, 11, 20])[number],
    current_date - day, 100000 + number * 777 + day, 5000, now() - make_interval(days => day + 9), %(client)s,
    %(client)s, now(), gen_random_uuid()
FROM core.locations AS places
CROSS JOIN generate_series(0, 365 + %(days)s) AS day
CROSS JOIN generate_series(1, 5) AS number
WHERE places.source = 'smartmoving' AND places.client_id = %(client)s
    AND (day <= %(days)s OR day >= 365);

INSERT INTO smartmoving.opportunity_jobs (
    job_id, opportunity_id, location_id, service_date, client_id, account, observed_at, row_hash
)
SELECT opportunity_id || '-1', opportunity_id, location_id, service_date, client_id, account, now(), gen_random_uuid()
FROM smartmoving.opportunities
WHERE client_id = %(client)s;

INSERT INTO smartmoving.leads (
    lead_id, location_id, status, created_at, client_id, account, observed_at, row_hash
)
SELECT
    places.location_id || '-' || day || '-L' || number, places.location_id, (ARRAY[0, 30])[number],
    now() - make_interval(days => day), %(client)s, %(client)s, now(), gen_random_uuid()
FROM core.locations AS places
CROSS JOIN generate_series(0, %(days)s) AS day
CROSS JOIN generate_series(1, 2) AS number
WHERE places.source = 'smartmoving' AND places.client_id = %(client)s;
