-- Tekmetric's estimates: what the shop API alone knows of an order, its jobs and their lines (section 2). They are kept
-- apart, as the vendor's own; what the public API's rows lack is shown there by derivations.

CREATE TABLE tekmetric.estimates (
    repair_order_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_repair_order_id::text))
    STORED UNIQUE,
    tm_repair_order_id bigint NOT NULL,
    total bigint,
    subtotal bigint,
    tax bigint,
    authorized_total bigint,
    authorized_tax bigint,
    fees_total bigint,
    shop_supplies_total bigint,
    epa_total bigint,
    discount_total bigint,
    balance_due bigint,
    tax_rate numeric,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_repair_order_id)
);
CREATE INDEX estimates_written ON tekmetric.estimates (synced_at);
CALL core.describe('tekmetric.estimates', '{
    "": "The vendor''s own estimate of an order (estimate, section 2). A tombstone once a newer version of the order is merged, until it is asked for again",
    "repair_order_id": "tekmetric.repair_orders.id",
    "tm_repair_order_id": "The vendor''s id of the order that was asked for",
    "total": "Cents: total, of all jobs whatever was answered, with taxes",
    "subtotal": "Cents: subtotal, often not sent",
    "tax": "Cents: tax, often not sent; of all jobs, as total is (inferred)",
    "authorized_total": "Cents: authorizedTotal, with taxes",
    "authorized_tax": "Cents: taxes, of what is authorized (inferred)",
    "fees_total": "Cents: feesTotal",
    "shop_supplies_total": "Cents: shopSuppliesTotal, a part of the fees",
    "epa_total": "Cents: epaTotal, a part of the fees",
    "discount_total": "Cents: discountTotal",
    "balance_due": "Cents still to be paid: balanceDue",
    "tax_rate": "Fraction: taxRate"
}');

CREATE TABLE tekmetric.estimate_jobs (
    job_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'jobs', tm_shop_id, tm_job_id::text)) STORED UNIQUE,
    tm_job_id bigint NOT NULL,
    tm_repair_order_id bigint NOT NULL,
    job_category_id bigint,
    job_category_name text,
    canned_job_id bigint,
    tax bigint,
    parts_cost bigint,
    sublet_total bigint,
    sublet_cost bigint,
    gross_profit_amount bigint,
    gross_profit_fraction numeric,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_job_id),
    FOREIGN KEY (client_id, account, tm_shop_id, tm_repair_order_id)
    REFERENCES tekmetric.estimates (client_id, account, tm_shop_id, tm_repair_order_id) ON DELETE CASCADE
);
CREATE INDEX estimate_jobs_order ON tekmetric.estimate_jobs (tm_repair_order_id, tm_shop_id, account, client_id);
CREATE INDEX estimate_jobs_written ON tekmetric.estimate_jobs USING brin (synced_at);
CALL core.describe('tekmetric.estimate_jobs', '{
    "": "What the estimate alone says of a job; tekmetric.jobs shows it too",
    "job_id": "tekmetric.jobs.id; whether that row is there, the public API decides",
    "tm_job_id": "The vendor''s id of the job",
    "tm_repair_order_id": "The vendor''s id of the order",
    "job_category_id": "The vendor''s id of the category",
    "job_category_name": "Category",
    "canned_job_id": "The vendor''s id of the template it was made from",
    "tax": "Cents: tax, often not sent",
    "parts_cost": "Cents: partsCost",
    "sublet_total": "Cents: subletPrice",
    "sublet_cost": "Cents: subletCost",
    "gross_profit_amount": "Cents: grossProfitAmount",
    "gross_profit_fraction": "grossProfitPercentage, a fraction in spite of its name; null where the vendor sends NaN"
}');

-- One table for lines of all kinds: most of a line is in the public API's row already, and what is not has few columns.
CREATE TABLE tekmetric.estimate_lines (
    tm_repair_order_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('part', 'labor', 'fee', 'sublet', 'order_fee')),
    tm_job_id bigint,
    line text NOT NULL,
    tm_id bigint,
    ordinal integer NOT NULL,
    name text,
    part_number text,
    line_total bigint,
    core_charge bigint,
    vendor_id bigint,
    vendor_name text,
    ordered boolean,
    received boolean,
    backordered boolean,
    technician_name text,
    skill_level text,
    amount bigint,
    percentage numeric,
    cap bigint,
    taxable boolean,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_repair_order_id, line),
    FOREIGN KEY (client_id, account, tm_shop_id, tm_repair_order_id)
    REFERENCES tekmetric.estimates (client_id, account, tm_shop_id, tm_repair_order_id) ON DELETE CASCADE
);
CREATE INDEX estimate_lines_order ON tekmetric.estimate_lines (tm_repair_order_id, tm_shop_id, account, client_id);
CREATE INDEX estimate_lines_written ON tekmetric.estimate_lines USING brin (synced_at);
CALL core.describe('tekmetric.estimate_lines', '{
    "": "What the estimate alone says of a part, labor, fee or sublet of a job, or of a fee of the order; the tables of those lines show it too. A line is the same as theirs by its id; one without an id by job, name, part number and total",
    "tm_repair_order_id": "The vendor''s id of the order",
    "kind": "Our word: part, labor, fee or sublet of a job, or order_fee",
    "tm_job_id": "The vendor''s id of the job; null for a fee of the order",
    "line": "kind/job/line: the line''s id, or without one its name and #n, the how-manieth of that name",
    "tm_id": "The vendor''s id of the line; one in some is sent without, a fee always",
    "ordinal": "Place in its list, from 1",
    "name": "Name",
    "part_number": "Part number",
    "line_total": "What the line sells for, in cents: what a line without an id is recognised by",
    "core_charge": "Cents: coreCharge",
    "vendor_id": "The vendor''s id of who the part is bought from",
    "vendor_name": "Name of who the part is bought from",
    "ordered": "The part is ordered",
    "received": "The part has come",
    "backordered": "The part is on back order",
    "technician_name": "Name of who does the labor",
    "skill_level": "Skill that the labor needs",
    "amount": "Cents: amount of a fee that is no percentage",
    "percentage": "Percent of a fee that is one",
    "cap": "Cents at most of a fee that is a percentage",
    "taxable": "The fee is taxed"
}');

SELECT access.protect(('tekmetric.' || table_name)::regclass)
FROM unnest(ARRAY['estimates', 'estimate_jobs', 'estimate_lines']) AS table_name;
GRANT MAINTAIN ON tekmetric.estimates, tekmetric.estimate_jobs, tekmetric.estimate_lines -- noqa: PRS
TO branchline_loader;

-- Who writes a column is part of its meaning.
COMMENT ON COLUMN tekmetric.repair_orders.potential_tax IS
'Cents; the shop API alone knows it (tekmetric.estimates.tax, often not sent): the public API sends the taxes of authorized work only';
COMMENT ON COLUMN tekmetric.jobs.job_category_name IS
'Category: where the public API sends it, and as tekmetric.estimate_jobs has it';
COMMENT ON COLUMN tekmetric.jobs.tax IS 'Cents; the shop API alone knows it, and often does not send it';
COMMENT ON COLUMN tekmetric.jobs.gross_profit_percent IS
'The shop API alone knows it: its fraction x 100, half-even to 2 places; no narrow precision, see authorized_gp_percent';
COMMENT ON COLUMN tekmetric.job_sublets.job_id IS 'tekmetric.jobs.id; the shop API alone knows it';
COMMENT ON COLUMN tekmetric.job_sublets.tm_job_id IS
'The vendor''s id of the job; the shop API alone knows it: in the public API a sublet is the order''s';

-- ------------------------------------------------------------------------------------------------------------- ledger

COMMENT ON COLUMN ops.check_results.checked IS
'Records that the run looked at: those that changed, and where an error stands all of that location';

-- A second API of an account is a credential with a ledger of its own, named after the account: `<account> shop` of
-- Tekmetric, `smartmoving_leads` (and `smartmoving_leads_<x>` of `smartmoving_<x>`) of SmartMoving. Its calls are the
-- account's client's; the names of the accounts are those that the person may see.
ALTER POLICY people_read ON ops.api_calls USING (
    (SELECT access.is_super_admin())
    OR (source, account) IN (
        SELECT accounts.source, names.account
        FROM core.accounts
        CROSS JOIN LATERAL (
            VALUES
            (accounts.account),
            (CASE accounts.source
                WHEN 'tekmetric' THEN accounts.account || ' shop'
                WHEN 'smartmoving' THEN regexp_replace(accounts.account, '^smartmoving', 'smartmoving_leads')
            END)
        ) AS names (account)
    )
);
