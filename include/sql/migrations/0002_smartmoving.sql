-- SmartMoving: what the Open API sends, normalised. Section numbers are those of the vendor's contract notes
-- (docs/vendors.md).

CREATE SCHEMA smartmoving;
COMMENT ON SCHEMA smartmoving IS 'SmartMoving: customers, opportunities, jobs and their children, per client and account';
GRANT USAGE ON SCHEMA smartmoving TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

-- --------------------------------------------------------------------------------------------------------- reference

CREATE TABLE smartmoving.branches (
    branch_id text NOT NULL,
    name text,
    phone_number text,
    is_primary boolean,
    full_address text,
    street text,
    city text,
    region text,
    postal_code text,
    latitude double precision,
    longitude double precision,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, branch_id)
);
CALL core.describe('smartmoving.branches', '{
    "": "Branches of the company; core.locations is derived from it",
    "branch_id": "Vendor''s GUID",
    "name": "Name as sent, trailing and double spaces kept",
    "phone_number": "Branch phone; empty as sent becomes null",
    "is_primary": "The company''s main branch",
    "full_address": "Dispatch address in one line",
    "street": "Street",
    "city": "City, often another than the branch''s name says",
    "region": "State or province as sent: the full name, once a code",
    "postal_code": "Postal code, leading zeros kept",
    "latitude": "Degrees north",
    "longitude": "Degrees east"
}');

CREATE TABLE smartmoving.users (
    user_id text NOT NULL,
    name text,
    title text,
    email text,
    branch_id text,
    role_name text,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, user_id)
);
CALL core.describe('smartmoving.users', '{
    "": "Office users",
    "user_id": "Vendor''s GUID",
    "name": "Name",
    "title": "Title; empty as sent becomes null",
    "email": "E-mail address",
    "branch_id": "Primary branch, null for a third of them",
    "role_name": "Role in SmartMoving"
}');

CREATE TABLE smartmoving.service_types (
    service_type integer NOT NULL,
    name text,
    scaling_factor_percentage integer,
    has_activity_loading boolean,
    has_activity_finished_loading boolean,
    has_activity_unloading boolean,
    sort_order integer,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, service_type)
);
CALL core.describe('smartmoving.service_types', '{
    "": "Service types; the id is the JobType code, custom codes (101 and up) differ by company",
    "service_type": "JobType code",
    "name": "Name as sent, spaces at its ends kept",
    "scaling_factor_percentage": "Percent",
    "has_activity_loading": "Crews report loading",
    "has_activity_finished_loading": "Crews report the end of loading",
    "has_activity_unloading": "Crews report unloading",
    "sort_order": "Order in the vendor''s lists"
}');

CREATE TABLE smartmoving.move_sizes (
    move_size_id text NOT NULL,
    name text,
    description text,
    volume_cubic_feet integer,
    weight_pounds numeric,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, move_size_id)
);
CALL core.describe('smartmoving.move_sizes', '{
    "": "Move sizes; lead providers create junk rows in it (section 9)",
    "move_size_id": "Vendor''s GUID",
    "name": "Name as sent",
    "description": "Description; empty as sent becomes null",
    "volume_cubic_feet": "Cubic feet",
    "weight_pounds": "Pounds"
}');

CREATE TABLE smartmoving.referral_sources (
    referral_source_id text NOT NULL,
    name text,
    is_lead_provider boolean,
    is_public boolean,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, referral_source_id)
);
CALL core.describe('smartmoving.referral_sources', '{
    "": "Referral sources",
    "referral_source_id": "Vendor''s GUID",
    "name": "Name as sent",
    "is_lead_provider": "Made by a lead provider",
    "is_public": "Shown to customers"
}');

CREATE TABLE smartmoving.tariffs (
    tariff_id text NOT NULL,
    name text,
    is_enabled boolean,
    branch_ids text[],
    opportunity_types integer[],
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, tariff_id)
);
CALL core.describe('smartmoving.tariffs', '{
    "": "Tariffs",
    "tariff_id": "Vendor''s GUID",
    "name": "Name",
    "is_enabled": "In use",
    "branch_ids": "Branches it applies to",
    "opportunity_types": "OpportunityType codes it applies to"
}');

CREATE TABLE smartmoving.reasons (
    kind text NOT NULL CHECK (kind IN ('bad_lead', 'cancellation', 'lost')),
    reason_id text NOT NULL,
    name text,
    sort_order integer,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, kind, reason_id)
);
CALL core.describe('smartmoving.reasons', '{
    "": "The three reason lists",
    "kind": "bad_lead, cancellation or lost",
    "reason_id": "Vendor''s GUID",
    "name": "The reason (lost reasons call it description)",
    "sort_order": "Order in the vendor''s lists"
}');

CREATE TABLE smartmoving.lead_statuses (
    lead_status_id text NOT NULL,
    name text,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, lead_status_id)
);
CALL core.describe('smartmoving.lead_statuses', '{
    "": "The company''s own pipeline labels; never an outcome (section 6)",
    "lead_status_id": "Vendor''s GUID",
    "name": "Label as sent, trailing space kept"
}');

-- ------------------------------------------------------------------------------------------------- the customers sweep

CREATE TABLE smartmoving.customers (
    customer_id text NOT NULL,
    name text,
    phone_number text,
    phone_type integer,
    email_address text,
    address text,
    location_ids integer[] NOT NULL DEFAULT '{}',
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, customer_id)
);
CALL core.describe('smartmoving.customers', '{
    "": "Customers of the sweep: today''s and tomorrow''s, and those of backfilled dates",
    "customer_id": "Vendor''s GUID",
    "name": "Name",
    "phone_number": "Phone as sent",
    "phone_type": "PhoneType code",
    "email_address": "E-mail address",
    "address": "One line",
    "location_ids": "Locations of its opportunities, as far as their details are known"
}');

CREATE TABLE smartmoving.customer_phones (
    customer_id text NOT NULL,
    ordinal integer NOT NULL,
    phone_number text,
    phone_type integer,
    location_ids integer[] NOT NULL DEFAULT '{}',
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, customer_id, ordinal)
);
CALL core.describe('smartmoving.customer_phones', '{
    "": "Secondary phones of a customer",
    "customer_id": "Customer",
    "ordinal": "Place in the vendor''s list, from 1",
    "phone_number": "Phone as sent",
    "phone_type": "PhoneType code",
    "location_ids": "As the customer''s"
}');

CREATE TABLE smartmoving.swept_opportunities (
    opportunity_id text NOT NULL,
    customer_id text NOT NULL,
    quote_number text,
    status integer NOT NULL,
    job_ids text[],
    location_id integer,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, opportunity_id)
);
CREATE INDEX swept_opportunities_customer ON smartmoving.swept_opportunities (customer_id, account, client_id);
CALL core.describe('smartmoving.swept_opportunities', '{
    "": "Opportunities as the customers sweep shows them: what changed is asked for in detail (section 5.1)",
    "opportunity_id": "Vendor''s GUID",
    "customer_id": "Customer",
    "quote_number": "Number as text",
    "status": "OpportunityStatus code",
    "job_ids": "Its jobs: one more or one less is a change",
    "location_id": "The swept branch, where the vendor honours BranchId; else only the detail knows it"
}');

CREATE TABLE smartmoving.swept_jobs (
    job_id text NOT NULL,
    opportunity_id text NOT NULL,
    customer_id text NOT NULL,
    job_number text,
    service_date date NOT NULL,
    service_type integer,
    location_id integer,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, job_id)
);
CREATE INDEX swept_jobs_customer ON smartmoving.swept_jobs (customer_id, account, client_id);
CREATE INDEX swept_jobs_opportunity ON smartmoving.swept_jobs (opportunity_id, account, client_id);
CREATE INDEX swept_jobs_date ON smartmoving.swept_jobs (service_date, account, client_id);
CALL core.describe('smartmoving.swept_jobs', '{
    "": "Jobs as the customers sweep shows them, also those outside the window (section 11.2)",
    "job_id": "Vendor''s GUID",
    "opportunity_id": "Opportunity",
    "customer_id": "Customer",
    "job_number": "<quote number>-<sequence>",
    "service_date": "Local business date of the branch, never converted",
    "service_type": "JobType code",
    "location_id": "The swept branch, where the vendor honours BranchId; else only the detail knows it"
}');

-- ------------------------------------------------------------------------------------------------------------ details

CREATE TABLE smartmoving.opportunities (
    opportunity_id text NOT NULL,
    location_id integer NOT NULL,
    customer_id text,
    quote_number text,
    branch_name text,
    status integer NOT NULL,
    lead_status text,
    opportunity_type integer,
    service_type integer,
    service_date date,
    move_size_name text,
    volume_cubic_feet numeric,
    weight_pounds numeric,
    subtotal_cents bigint,
    taxable_cents bigint,
    tax_cents bigint,
    final_total_cents bigint,
    sales_assignee_id text,
    sales_assignee_name text,
    estimator_name text,
    referral_source text,
    tariff_id text,
    cancellation_reason text,
    created_at timestamptz,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, opportunity_id)
);
CREATE INDEX opportunities_customer ON smartmoving.opportunities (customer_id, account, client_id);
CALL core.describe('smartmoving.opportunities', '{
    "": "Opportunities in detail (section 5.2)",
    "opportunity_id": "Vendor''s GUID; a lead''s id is the same (section 5.4)",
    "location_id": "Branch, matched by name; the client''s unmapped row where none matches",
    "customer_id": "Customer",
    "quote_number": "Number as text (an integer here, a string in lists)",
    "branch_name": "Branch as sent: the vendor sends no id",
    "status": "OpportunityStatus code",
    "lead_status": "The company''s own pipeline label; never an outcome",
    "opportunity_type": "OpportunityType code",
    "service_type": "JobType code",
    "service_date": "Local business date of the branch",
    "move_size_name": "Move size",
    "volume_cubic_feet": "Cubic feet",
    "weight_pounds": "Pounds",
    "subtotal_cents": "Estimated, in the location''s currency",
    "taxable_cents": "Estimated",
    "tax_cents": "Estimated",
    "final_total_cents": "Estimated total with tax",
    "sales_assignee_id": "Sales person",
    "sales_assignee_name": "Sales person''s name",
    "estimator_name": "Estimator''s name",
    "referral_source": "Referral source as text",
    "tariff_id": "Tariff",
    "cancellation_reason": "Reason as text",
    "created_at": "When it was created"
}');

CREATE TABLE smartmoving.opportunity_jobs (
    job_id text NOT NULL,
    opportunity_id text NOT NULL,
    location_id integer NOT NULL,
    job_number text,
    service_date date NOT NULL,
    service_type integer,
    is_confirmed boolean,
    arrival_window text,
    tips_cents bigint,
    billable_hours numeric,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, job_id)
);
CREATE INDEX opportunity_jobs_opportunity ON smartmoving.opportunity_jobs (opportunity_id, account, client_id);
CALL core.describe('smartmoving.opportunity_jobs', '{
    "": "Jobs as an opportunity''s detail embeds them",
    "job_id": "Vendor''s GUID",
    "opportunity_id": "Opportunity",
    "location_id": "Branch of the opportunity",
    "job_number": "<quote number>-<sequence>",
    "service_date": "Local business date of the branch",
    "service_type": "JobType code",
    "is_confirmed": "Confirmed with the customer",
    "arrival_window": "Arrival window in words",
    "tips_cents": "Tips",
    "billable_hours": "Hours billed"
}');

CREATE TABLE smartmoving.job_addresses (
    job_id text NOT NULL,
    ordinal integer NOT NULL,
    opportunity_id text NOT NULL,
    location_id integer NOT NULL,
    address text NOT NULL,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, job_id, ordinal)
);
CREATE INDEX job_addresses_opportunity ON smartmoving.job_addresses (opportunity_id, account, client_id);
CALL core.describe('smartmoving.job_addresses', '{
    "": "Stops of a job in order: one to four, not a pair of origin and destination",
    "job_id": "Job",
    "ordinal": "Place in the vendor''s list, from 1",
    "opportunity_id": "Opportunity",
    "location_id": "Branch of the opportunity",
    "address": "One line"
}');

CREATE TABLE smartmoving.job_charges (
    job_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('estimated', 'actual')),
    ordinal integer NOT NULL,
    opportunity_id text NOT NULL,
    location_id integer NOT NULL,
    name text,
    charge_category integer,
    description text,
    subtotal_cents bigint,
    discount_cents bigint,
    total_cents bigint NOT NULL,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, job_id, kind, ordinal)
);
CREATE INDEX job_charges_opportunity ON smartmoving.job_charges (opportunity_id, account, client_id);
CALL core.describe('smartmoving.job_charges', '{
    "": "Charges of a job; the vendor sends no id here, so the place in its list is the key",
    "job_id": "Job",
    "kind": "estimated or actual",
    "ordinal": "Place in the vendor''s list, from 1",
    "opportunity_id": "Opportunity",
    "location_id": "Branch of the opportunity",
    "name": "Name",
    "charge_category": "JobChargeCategory code",
    "description": "Human text such as 2h @ $349.00/hr",
    "subtotal_cents": "Before discount",
    "discount_cents": "Discount",
    "total_cents": "After discount"
}');

CREATE TABLE smartmoving.job_crew (
    job_id text NOT NULL,
    ordinal integer NOT NULL,
    opportunity_id text NOT NULL,
    location_id integer NOT NULL,
    crew_member text NOT NULL,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, job_id, ordinal)
);
CREATE INDEX job_crew_opportunity ON smartmoving.job_crew (opportunity_id, account, client_id);
CALL core.describe('smartmoving.job_crew', '{
    "": "Crew members of a job, as names: the vendor sends nothing else (IncludeDispatchInfo)",
    "job_id": "Job",
    "ordinal": "Place in the vendor''s list, from 1",
    "opportunity_id": "Opportunity",
    "location_id": "Branch of the opportunity",
    "crew_member": "Name as sent"
}');

CREATE TABLE smartmoving.payments (
    opportunity_id text NOT NULL,
    ordinal integer NOT NULL,
    location_id integer NOT NULL,
    payment_source integer,
    payment_type integer,
    amount_cents bigint NOT NULL,
    refunded_cents bigint,
    taken_by text,
    is_outstanding boolean,
    paid_at timestamptz,
    refunds_payment_id text,
    payment_category integer,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, opportunity_id, ordinal)
);
CALL core.describe('smartmoving.payments', '{
    "": "Payments of an opportunity; no id in the detail, so the place in its list is the key",
    "opportunity_id": "Opportunity",
    "ordinal": "Place in the vendor''s list, from 1",
    "location_id": "Branch of the opportunity",
    "payment_source": "PaymentSource code",
    "payment_type": "PaymentType code",
    "amount_cents": "Amount; negative is a refund",
    "refunded_cents": "Refunded of it",
    "taken_by": "User''s name",
    "is_outstanding": "Not settled",
    "paid_at": "When",
    "refunds_payment_id": "Payment it refunds",
    "payment_category": "PaymentCategory code"
}');

CREATE TABLE smartmoving.jobs (
    job_id text NOT NULL,
    opportunity_id text NOT NULL,
    job_number text,
    service_date date NOT NULL,
    service_type integer,
    start_at timestamptz,
    end_at timestamptz,
    completed_at timestamptz,
    confirmed_at timestamptz,
    closed_at timestamptz,
    location_id integer,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, job_id)
);
CREATE INDEX jobs_opportunity ON smartmoving.jobs (opportunity_id, account, client_id);
CALL core.describe('smartmoving.jobs', '{
    "": "Jobs with their times, from the jobs list of an opportunity (section 5.3)",
    "job_id": "Vendor''s GUID",
    "opportunity_id": "Opportunity asked for",
    "job_number": "<quote number>-<sequence>",
    "service_date": "Local business date of the branch",
    "service_type": "JobType code",
    "start_at": "Start of work; null for an unworked job",
    "end_at": "End of work",
    "completed_at": "Completed by the crew",
    "confirmed_at": "Confirmed with the customer",
    "closed_at": "Books closed",
    "location_id": "Branch of the opportunity"
}');

CREATE TABLE smartmoving.leads (
    lead_id text NOT NULL,
    location_id integer,
    customer_name text,
    email_address text,
    phone_number text,
    phone_type integer,
    status integer,
    referral_source text,
    affiliate_name text,
    service_date date,
    service_type integer,
    sales_person_id text,
    sales_person text,
    branch_id text,
    branch_name text,
    origin_address text,
    destination_address text,
    move_size_id text,
    lost_reason text,
    created_at timestamptz,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, lead_id)
);
CALL core.describe('smartmoving.leads', '{
    "": "Leads (section 5.4)",
    "lead_id": "Vendor''s GUID: the opportunity''s id, one key space",
    "location_id": "Branch, by id and else by name",
    "customer_name": "Name",
    "email_address": "E-mail address",
    "phone_number": "Phone as sent",
    "phone_type": "PhoneType code",
    "status": "OpportunityStatus code",
    "referral_source": "Referral source as text",
    "affiliate_name": "Affiliate",
    "service_date": "Wanted date; null for an undated lead (sent as 0)",
    "service_type": "JobType code",
    "sales_person_id": "Sales person",
    "sales_person": "Sales person''s name",
    "branch_id": "Branch as sent",
    "branch_name": "Branch name as sent",
    "origin_address": "One line",
    "destination_address": "One line",
    "move_size_id": "Move size",
    "lost_reason": "Reason as text",
    "created_at": "When it was created"
}');

SELECT access.protect(('smartmoving.' || table_name)::regclass)
FROM unnest(ARRAY[
    'branches', 'users', 'service_types', 'move_sizes', 'referral_sources', 'tariffs', 'reasons', 'lead_statuses',
    'customers', 'customer_phones', 'swept_opportunities', 'swept_jobs', 'opportunities', 'opportunity_jobs',
    'job_addresses', 'job_charges', 'job_crew', 'payments', 'jobs', 'leads'
]) AS table_name;
-- After many rows at once the loader analyses a table: autovacuum comes too late for the same transaction.
GRANT MAINTAIN ON ALL TABLES IN SCHEMA smartmoving TO branchline_loader; -- noqa: PRS
GRANT MAINTAIN ON ops.lookups TO branchline_loader; -- noqa: PRS

-- --------------------------------------------------------------------------------------------------- vocabularies

INSERT INTO core.codes (source, vocabulary, code, label)
SELECT 'smartmoving', vocabulary, split_part(pair, '=', 1), split_part(pair, '=', 2)
FROM (VALUES
    ('OpportunityStatus',
        '0=NewLead 1=LeadInProgress 3=Opportunity 4=Booked 10=Completed 11=Closed 20=Cancelled 30=Lost 50=BadLead'),
    ('OpportunityType', '0=Local 1=Intrastate 2=Interstate'),
    ('PhoneType', '0=Mobile 1=Home 2=Office 3=Other'),
    ('PaymentType', '0=Cash 1=Check 2=CreditCard 3=CCGateway 6=BillToAccount 7=StorageCredit 8=ACH'),
    ('PaymentSource', '0=MobileApp 1=WebApp 2=CustomerPortal 3=ExternalApi'),
    ('PaymentCategory', '0=Deposit 1=BalanceDue 2=Other'),
    ('JobChargeCategory',
        '1=MovingLabor 2=Transportation 3=Packing 4=AdditionalServices 5=TripAndTravel 6=FuelSurcharge 7=Valuation '
        '8=BulkyItem 9=Storage 10=ShuttleFees 11=StorageInTransit 12=Insurance'),
    ('JobType',
        '1=Moving 3=Packing 4=MovingAndPacking 5=LoadOnly 6=UnloadOnly 7=Commercial 8=StorageInBound '
        '9=StorageOutBound 10=InnerHouse 11=JunkRemoval 12=LaborOnly')
) AS enumerations (vocabulary, pairs), regexp_split_to_table(pairs, '\s+') AS pair;
-- The company's own payment types have a number and no name; its own job types come with the service types.
INSERT INTO core.codes (source, vocabulary, code, label)
SELECT 'smartmoving', 'PaymentType', (100 + number)::text, 'Custom' || to_char(number, 'FM00')
FROM generate_series(1, 20) AS number;

-- Location keys of the original implementation, by the branch name's words before its flag; its own spelling kept.
CREATE TABLE smartmoving.original_location_keys (
    branch_words text PRIMARY KEY,
    external_key text NOT NULL
);
CALL core.describe('smartmoving.original_location_keys', '{
    "": "Location ids of the original implementation, kept as external keys",
    "branch_words": "core.normalised_name of the branch name up to its flag",
    "external_key": "The original''s id"
}');
INSERT INTO smartmoving.original_location_keys (branch_words, external_key)
SELECT upper(words), 'loc_lgm_' || coalesce(key, replace(lower(words), ' ', '')) || '_' || kind || '_001'
FROM (VALUES
    ('abbotsford', NULL, 'franchise'), ('ajax', NULL, 'franchise'), ('aurora', NULL, 'franchise'),
    ('barrie', NULL, 'franchise'), ('brampton', NULL, 'franchise'), ('brantford', NULL, 'franchise'),
    ('burlington', NULL, 'franchise'), ('calgary', NULL, 'franchise'), ('coquitlam', NULL, 'franchise'),
    ('fredericton', NULL, 'franchise'), ('halifax', NULL, 'franchise'), ('kelowna', NULL, 'franchise'),
    ('kingston', NULL, 'franchise'), ('lethbridge', NULL, 'franchise'), ('london', NULL, 'franchise'),
    ('markham', NULL, 'franchise'), ('milton', NULL, 'franchise'), ('moncton', NULL, 'franchise'),
    ('oakville', NULL, 'franchise'), ('oshawa', NULL, 'franchise'), ('ottawa', NULL, 'franchise'),
    ('peterborough', NULL, 'franchise'), ('regina', NULL, 'franchise'), ('richmond', NULL, 'franchise'),
    ('saint john', NULL, 'franchise'), ('saskatoon', NULL, 'franchise'), ('scarborough', NULL, 'franchise'),
    ('st catharines', 'stcatherines', 'franchise'), ('surrey', NULL, 'franchise'), ('vaughan', NULL, 'franchise'),
    ('victoria', NULL, 'franchise'), ('waterloo', NULL, 'franchise'), ('windsor', NULL, 'franchise'),
    ('winnipeg', NULL, 'franchise'), ('woodstock', NULL, 'franchise'), ('burnaby', NULL, 'corporate'),
    ('downtown toronto', 'downtown_toronto', 'corporate'), ('edmonton', NULL, 'corporate'),
    ('hamilton', NULL, 'corporate'), ('mississauga', NULL, 'corporate'), ('montrèal', 'montreal', 'corporate'),
    ('montreal', 'montreal', 'corporate'), ('north york toronto', 'northyork', 'corporate'),
    ('vancouver', NULL, 'corporate')
) AS keys (words, key, kind);
GRANT SELECT ON smartmoving.original_location_keys TO branchline_loader, branchline_operator;
