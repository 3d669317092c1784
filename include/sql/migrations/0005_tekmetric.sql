-- Tekmetric: what the two APIs send of auto-repair shops, normalised. The tables and columns of the original
-- implementation keep their names; where a type is wider than there, the table says why. Section numbers are those of
-- the vendor's contract notes (docs/vendors.md).

CREATE SCHEMA tekmetric;
COMMENT ON SCHEMA tekmetric IS 'Tekmetric: shops, their people, customers, vehicles and repair orders with every line';
GRANT USAGE ON SCHEMA tekmetric TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

-- ------------------------------------------------------------------------------------------------------ how to read

CREATE FUNCTION core.half_even(amount numeric, places integer DEFAULT 0) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN 2 * abs(amount - trunc(amount, places)) = power(10::numeric, -places) THEN 2 * round(amount / 2, places)
    ELSE round(amount, places)
END;
COMMENT ON FUNCTION core.half_even(numeric, integer) IS 'Round half to even';

-- The ids of the original implementation were random. These are made of what they name, so that a warehouse that is
-- loaded again has the same ones and a row may name another that has not come yet.
CREATE FUNCTION tekmetric.uid(client text, account text, kind text, shop bigint, id text) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN md5(client || chr(31) || account || chr(31) || kind || chr(31) || shop::text || chr(31) || id)::uuid;
COMMENT ON FUNCTION tekmetric.uid(text, text, text, bigint, text) IS
'The uuid of a row: the same for the same client, account, table, shop and vendor id; null where one of them is null';

CREATE FUNCTION tekmetric.as_id(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(regexp_replace(btrim(sent), '\.0+$', ''), '');
COMMENT ON FUNCTION tekmetric.as_id(text) IS 'An id as text; some come as a float''s text (section 2): 8907.0 is 8907';

CREATE FUNCTION tekmetric.as_code(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(btrim(sent), '');
COMMENT ON FUNCTION tekmetric.as_code(text) IS 'A code without the blanks at its end (section 1.8)';

CREATE FUNCTION tekmetric.as_name(sent jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(CASE WHEN jsonb_typeof(sent) = 'object' THEN sent ->> 'name' ELSE sent #>> '{}' END, '');
COMMENT ON FUNCTION tekmetric.as_name(jsonb) IS 'A name that comes as text or as {id, name} (section 2)';

CREATE FUNCTION tekmetric.as_number(sent text) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN sent ~ '^-?[0-9.]' AND length(sent) <= 40 AND pg_input_is_valid(sent, 'numeric(40, 20)') THEN sent::numeric
END;
COMMENT ON FUNCTION tekmetric.as_number(text) IS
'A number to calculate with; null where it is none, which typing reports';

CREATE FUNCTION tekmetric.as_moment(sent text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN sent ~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d' AND pg_input_is_valid(core.as_instant(sent), 'timestamptz')
        THEN core.as_instant(sent)::timestamptz
END;
COMMENT ON FUNCTION tekmetric.as_moment(text) IS
'An instant to calculate with, in UTC where no zone is sent; null where it is none, which typing reports';

-- A zone is a setting that people write: a word that names none gives no day, and never an error that stops all shops.
CREATE FUNCTION tekmetric.local_day(moment timestamptz, zone text) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN zone ~ '^([A-Z]\w+(/[\w+-]+)+|UTC)$' AND pg_input_is_valid('2000-01-01 00:00 ' || zone, 'timestamptz')
        THEN (moment AT TIME ZONE zone)::date
END;
COMMENT ON FUNCTION tekmetric.local_day(timestamptz, text) IS
'The day of an instant in a shop''s own calendar; null where its zone is not set or names no zone, never a default';

CREATE FUNCTION tekmetric.as_emails(sent jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE jsonb_typeof(sent)
    WHEN 'array' THEN (
        SELECT array_agg(address.value ORDER BY address.ordinal)
        FROM jsonb_array_elements_text(sent) WITH ORDINALITY AS address (value, ordinal)
        WHERE address.value <> ''
    )
    WHEN 'string' THEN nullif(ARRAY[sent #>> '{}'], '{""}')
END;
COMMENT ON FUNCTION tekmetric.as_emails(jsonb) IS 'E-mail addresses, sent as one text or as an array (section 2)';

-- 'repair' holds 'epa': the names are matched by words, unlike in the original implementation.
CREATE FUNCTION tekmetric.fee_type(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN name ~* '\m(shop|suppl(y|ies))\M' THEN 'shop_supplies'
    WHEN name ~* '\m(epa\M|environ)' THEN 'environmental'
    WHEN name ~* '\mdispos' THEN 'disposal'
    WHEN name ~* '\m(hazmat|hazard)' THEN 'hazmat'
    ELSE 'other'
END;
COMMENT ON FUNCTION tekmetric.fee_type(text) IS
'What kind of fee a name tells of, in the words of the original implementation';

CREATE FUNCTION tekmetric.line_key(lines jsonb, line jsonb, place bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(line) = 'object' THEN
    coalesce(line ->> 'name', '') || ' #' || (
        SELECT count(*) FROM jsonb_array_elements(lines) WITH ORDINALITY AS other (value, ordinal)
        WHERE other.ordinal <= place AND tekmetric.as_id(other.value ->> 'id') IS NULL
        AND other.value ->> 'name' IS NOT DISTINCT FROM line ->> 'name'
    )::text
END;
COMMENT ON FUNCTION tekmetric.line_key(jsonb, jsonb, bigint) IS
'The key of a line that comes without an id: its name, and the how-manieth such line of that name it is';

GRANT EXECUTE ON FUNCTION
tekmetric.uid(text, text, text, bigint, text), tekmetric.as_id(text), tekmetric.as_code(text), tekmetric.as_name(jsonb),
tekmetric.as_number(text), tekmetric.as_moment(text), tekmetric.local_day(timestamptz, text),
tekmetric.as_emails(jsonb), tekmetric.fee_type(text), tekmetric.line_key(jsonb, jsonb, bigint)
TO branchline_loader;
-- the views of the original's names make ids
GRANT EXECUTE ON FUNCTION tekmetric.uid(text, text, text, bigint, text)
TO branchline_reader, branchline_api, branchline_operator;

-- ---------------------------------------------------------------------------------------------------- vocabularies

-- A vendor's code is behind a foreign key, and an unknown code must not reject its record: the template notes drift
-- after the merge, in the same transaction, and adds the code as is_known = false. So the keys are checked at its end
-- (DEFERRABLE INITIALLY DEFERRED), and every column behind one is in include/sql/tekmetric/watched.sql.
ALTER TABLE core.codes
ADD COLUMN ref text GENERATED ALWAYS AS (source || ' ' || vocabulary || ' ' || code) STORED UNIQUE;
COMMENT ON COLUMN core.codes.ref IS 'Source, vocabulary and code in one word, for foreign keys';

-- Codes by the vendor's number where it sends one (section 1.8); the words of statuses 4 and 7 and of part type 5 are
-- inferred, their numbers are not. Words are without the blanks at their ends.
INSERT INTO core.codes (source, vocabulary, code, label)
SELECT 'tekmetric', vocabulary, split_part(pair, '=', 1), split_part(pair, '=', 2)
FROM (VALUES
    ('repairOrderStatus',
        '1=ESTIMATE 2=WORKINPROGRESS 3=COMPLETE 4=SAVEDFORLATER 5=POSTED 6=ACCRECV 7=DELETED'),
    ('customerType', '1=PERSON 2=BUSINESS'),
    ('employeeRole', '1=ShopAdmin 2=ServiceAdvisor 3=Technician 4=Owner 5=PartsManager'),
    ('partType', '1=PART 2=TIRE 5=BATTERY'),
    ('appointmentStatus', 'NONE=None ARRIVED=Arrived NO_SHOW=NoShow CANCELED=Canceled'),
    ('rideOption', 'RIDE=RideRequired LOANDER=LoanerRequired LOANER=LoanerRequired NONE=None'),
    ('appointmentOption', 'STAY=StayWithVehicle DROP=DropOffVehicle')
) AS enumerations (vocabulary, pairs), regexp_split_to_table(pairs, '\s+') AS pair;

-- --------------------------------------------------------------------------------------------- what every table has

-- The columns that the original implementation had in every table, beside the house's own (core.audit).
CREATE TABLE tekmetric.std (
    tm_shop_id bigint NOT NULL,
    location_id integer,
    shop_id uuid GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'shops', tm_shop_id, tm_shop_id::text)) STORED,
    tm_extra jsonb GENERATED ALWAYS AS (extra) STORED,
    last_synced_at timestamptz GENERATED ALWAYS AS (observed_at) STORED,
    created_at timestamptz GENERATED ALWAYS AS (first_seen_at) STORED,
    updated_at timestamptz GENERATED ALWAYS AS (synced_at) STORED,
    LIKE core.audit INCLUDING ALL
);
CALL core.describe('tekmetric.std', '{
    "": "The columns of the original implementation that every table of this schema has; holds no rows",
    "tm_shop_id": "The vendor''s shop id: as sent, else the shop whose list was read (section 1.6, trap 4)",
    "location_id": "The shop''s core.locations; null where none has that shop id: no shop''s people see the row",
    "shop_id": "tekmetric.shops.id",
    "tm_extra": "As extra; the original''s name",
    "last_synced_at": "As observed_at; the original''s name",
    "created_at": "As first_seen_at, when the row was first written; the original''s name",
    "updated_at": "As synced_at, when the row was last written; the original''s name"
}');

-- ------------------------------------------------------------------------------------------------- shops and people

CREATE TABLE tekmetric.shops (
    id uuid GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'shops', tm_id, tm_id::text)) STORED UNIQUE,
    tm_id bigint NOT NULL,
    name text,
    nickname text,
    timezone text,
    default_labor_rate bigint,
    default_parts_margin numeric,
    default_tax_rate numeric,
    phone text,
    email text,
    website text,
    address_line1 text,
    address_line2 text,
    city text,
    state text,
    zip text,
    ro_custom_label_enabled boolean,
    tm_metadata jsonb GENERATED ALWAYS AS (extra) STORED,
    created_at timestamptz GENERATED ALWAYS AS (first_seen_at) STORED,
    updated_at timestamptz GENERATED ALWAYS AS (synced_at) STORED,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_id)
);
CALL core.describe('tekmetric.shops', '{
    "": "Shops that the credential may read; core.locations is derived from it",
    "id": "Our uuid of it, made of client, account and tm_id",
    "tm_id": "The vendor''s shop id",
    "name": "Name as sent, spaces at its ends kept; null as sent (the original demanded one)",
    "nickname": "Nickname; empty as sent becomes null",
    "timezone": "IANA zone, copied from core.locations; null is not set, never a default",
    "default_labor_rate": "Cents an hour; the public API does not send it",
    "default_parts_margin": "Fraction; the public API does not send it",
    "default_tax_rate": "Fraction; the public API does not send it",
    "phone": "Phone as sent",
    "email": "E-mail address",
    "website": "Web site",
    "address_line1": "Street",
    "address_line2": "Second line",
    "city": "City",
    "state": "State as sent: two letters, or a full name",
    "zip": "Zip code, leading zeros kept",
    "ro_custom_label_enabled": "Orders may carry a label of the shop''s own",
    "tm_metadata": "As extra; the original''s name",
    "created_at": "As first_seen_at; the original''s name",
    "updated_at": "As synced_at; the original''s name"
}');

CREATE TABLE tekmetric.employees (
    id uuid GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'employees', tm_shop_id, tm_id::text)) STORED UNIQUE,
    tm_id bigint NOT NULL,
    first_name text,
    last_name text,
    email text,
    role integer,
    role_ref text GENERATED ALWAYS AS ('tekmetric employeeRole ' || role::text) STORED
    REFERENCES core.codes (ref) DEFERRABLE INITIALLY DEFERRED,
    role_name text,
    hourly_rate bigint,
    status text,
    username text,
    phone text,
    hire_date date,
    termination_date date,
    commission_rate numeric,
    can_clock_in boolean,
    can_sell boolean,
    can_tech boolean,
    salary bigint,
    pay_type text,
    can_perform_work boolean,
    certification_number text,
    tm_created_at timestamptz,
    tm_updated_at timestamptz GENERATED ALWAYS AS (source_updated_at) STORED,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_id)
);
CALL core.describe('tekmetric.employees', '{
    "": "Employees of a shop; the vendor sends no shop with them and never says that one is gone (section 1.6, trap 4)",
    "id": "Our uuid of it, made of client, account, shop and tm_id",
    "tm_id": "The vendor''s id",
    "first_name": "First name",
    "last_name": "Last name",
    "email": "E-mail address",
    "role": "employeeRole: 1 shop admin, 2 service advisor, 3 technician, 4 owner",
    "role_ref": "The role in core.codes",
    "role_name": "Role as the vendor calls it",
    "hourly_rate": "Cents an hour of pay; the shop API alone knows it",
    "status": "ACTIVE or INACTIVE; the shop API alone knows it",
    "username": "The shop API alone knows it",
    "phone": "The shop API alone knows it",
    "hire_date": "The shop API alone knows it",
    "termination_date": "The shop API alone knows it",
    "commission_rate": "Fraction; the shop API alone knows it",
    "can_clock_in": "The shop API alone knows it",
    "can_sell": "The shop API alone knows it",
    "can_tech": "The shop API alone knows it",
    "salary": "Cents a year; the shop API alone knows it",
    "pay_type": "FLAT, HOURLY or SALARY; the shop API alone knows it",
    "can_perform_work": "May be named as a technician",
    "certification_number": "Certification",
    "tm_created_at": "When the vendor made it",
    "tm_updated_at": "As source_updated_at; the original''s name"
}');

CREATE TABLE tekmetric.customers (
    id uuid GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'customers', tm_shop_id, tm_id::text)) STORED UNIQUE,
    tm_id bigint NOT NULL,
    first_name text,
    last_name text,
    company_name text,
    contact_first_name text,
    contact_last_name text,
    email text[],
    phone_primary text,
    phone_primary_type text,
    phone_secondary text,
    phone_secondary_type text,
    address_line1 text,
    address_line2 text,
    city text,
    state text,
    zip text,
    country text,
    birthday date,
    customer_type_id integer,
    customer_type_ref text GENERATED ALWAYS AS ('tekmetric customerType ' || customer_type_id::text) STORED
    REFERENCES core.codes (ref) DEFERRABLE INITIALLY DEFERRED,
    customer_type_name text,
    tax_exempt boolean,
    ok_for_marketing boolean,
    eligible_for_accounts_receivable boolean,
    credit_limit numeric,
    preferred_contact_method text,
    lead_source text,
    lead_source_id bigint,
    referral_source text,
    notes text,
    internal_notes text,
    tm_created_at timestamptz,
    tm_updated_at timestamptz GENERATED ALWAYS AS (source_updated_at) STORED,
    source_deleted_at timestamptz,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_id)
);
CALL core.describe('tekmetric.customers', '{
    "": "Customers of a shop",
    "id": "Our uuid of it, made of client, account, shop and tm_id",
    "tm_id": "The vendor''s id",
    "first_name": "First name as sent; of a business the company''s name stands here too (section 1.9)",
    "last_name": "Last name; blank as sent becomes null",
    "company_name": "Name of a business (type 2 without a last name)",
    "contact_first_name": "Contact person of a business",
    "contact_last_name": "Contact person of a business",
    "email": "Addresses; null for none",
    "phone_primary": "The first number that is marked primary, else the first",
    "phone_primary_type": "Its type in the vendor''s free words",
    "phone_secondary": "The first number beside the primary one",
    "phone_secondary_type": "Its type in the vendor''s free words",
    "address_line1": "Street",
    "address_line2": "Second line",
    "city": "City",
    "state": "State as sent: two letters, or a full name",
    "zip": "Zip code, leading zeros kept",
    "country": "Country as sent; the public API sends none",
    "birthday": "Birthday",
    "customer_type_id": "customerType: 1 person, 2 business",
    "customer_type_ref": "The type in core.codes",
    "customer_type_name": "Type as the vendor calls it",
    "tax_exempt": "Exempt from sales tax; null is not said (the original wrote false)",
    "ok_for_marketing": "May be written to",
    "eligible_for_accounts_receivable": "May buy on account",
    "credit_limit": "As sent: the vendor does not say in which unit (section 1.7)",
    "preferred_contact_method": "Neither API is known to send it",
    "lead_source": "Neither API is known to send it",
    "lead_source_id": "Neither API is known to send it",
    "referral_source": "Neither API is known to send it",
    "notes": "Notes",
    "internal_notes": "Neither API is known to send it",
    "tm_created_at": "When the vendor made it",
    "tm_updated_at": "As source_updated_at; the original''s name",
    "source_deleted_at": "When the vendor deleted it"
}');

CREATE TABLE tekmetric.vehicles (
    id uuid GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'vehicles', tm_shop_id, tm_id::text)) STORED UNIQUE,
    tm_id bigint NOT NULL,
    customer_id uuid
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'customers', tm_shop_id, tm_customer_id::text)) STORED,
    tm_customer_id bigint,
    year integer,
    make text,
    make_id bigint,
    model text,
    model_id bigint,
    sub_model text,
    sub_model_id bigint,
    engine text,
    engine_id bigint,
    transmission text,
    transmission_id bigint,
    drive_type text,
    drive_type_id bigint,
    body_style text,
    vin text,
    license_plate text,
    license_state text,
    unit_number text,
    fleet_number text,
    color text,
    interior_color text,
    odometer integer,
    odometer_unit text,
    odometer_date date,
    production_date date,
    custom_description text,
    notes text,
    base_vehicle_id bigint,
    tm_created_at timestamptz,
    tm_updated_at timestamptz GENERATED ALWAYS AS (source_updated_at) STORED,
    source_deleted_at timestamptz,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_id)
);
CALL core.describe('tekmetric.vehicles', '{
    "": "Vehicles of a shop''s customers; the vendor sends no shop with them (section 1.6, trap 4)",
    "id": "Our uuid of it, made of client, account, shop and tm_id",
    "tm_id": "The vendor''s id",
    "customer_id": "tekmetric.customers.id of the same shop; whether that row is there, a check counts",
    "tm_customer_id": "The vendor''s id of the owner",
    "year": "Model year",
    "make": "Make, sent as text or as {id, name}",
    "make_id": "Its id where one is sent",
    "model": "Model, sent as text or as {id, name}",
    "model_id": "Its id where one is sent",
    "sub_model": "Sub-model",
    "sub_model_id": "Its id where one is sent",
    "engine": "Engine in words",
    "engine_id": "Its id where one is sent",
    "transmission": "Transmission",
    "transmission_id": "Its id where one is sent",
    "drive_type": "Drive type",
    "drive_type_id": "Its id where one is sent",
    "body_style": "bodyType as sent",
    "vin": "VIN; empty as sent becomes null",
    "license_plate": "Plate",
    "license_state": "State of the plate",
    "unit_number": "Unit number of a fleet",
    "fleet_number": "Neither API is known to send it",
    "color": "Colour",
    "interior_color": "Neither API is known to send it",
    "odometer": "odometer or mileage; the public API keeps it on the order (miles_in, miles_out)",
    "odometer_unit": "Neither API is known to send it",
    "odometer_date": "Neither API is known to send it",
    "production_date": "Day of production; a malformed one (section 1.7) is null and noted",
    "custom_description": "Neither API is known to send it",
    "notes": "Notes",
    "base_vehicle_id": "Neither API is known to send it",
    "tm_created_at": "When the vendor made it",
    "tm_updated_at": "As source_updated_at; the original''s name",
    "source_deleted_at": "When the vendor deleted it"
}');

-- ---------------------------------------------------------------------------------------------------- repair orders

-- Between streams there is no foreign key: an order that names a customer who has not come yet is loaded, and a check
-- counts it (T42). Within an order's own tree they cascade as in the original implementation.
CREATE TABLE tekmetric.repair_orders (
    id uuid GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_id::text)) STORED
    UNIQUE,
    tm_id bigint NOT NULL,
    customer_id uuid
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'customers', tm_shop_id, tm_customer_id::text)) STORED,
    vehicle_id uuid
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'vehicles', tm_shop_id, tm_vehicle_id::text)) STORED,
    service_advisor_id uuid
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'employees', tm_shop_id, tm_service_advisor_id::text))
    STORED,
    technician_id uuid
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'employees', tm_shop_id, tm_technician_id::text)) STORED,
    tm_customer_id bigint,
    tm_vehicle_id bigint,
    tm_service_advisor_id bigint,
    tm_technician_id bigint,
    ro_number bigint NOT NULL,
    status text,
    status_id integer NOT NULL,
    status_ref text GENERATED ALWAYS AS ('tekmetric repairOrderStatus ' || status_id::text) STORED
    REFERENCES core.codes (ref) DEFERRABLE INITIALLY DEFERRED,
    is_posted boolean GENERATED ALWAYS AS (status_id IN (5, 6)) STORED,
    is_completed boolean GENERATED ALWAYS AS (status_id = 3) STORED,
    created_date timestamptz,
    updated_date timestamptz,
    promised_date timestamptz,
    dropped_off_date timestamptz,
    picked_up_date timestamptz,
    appointment_start_at timestamptz,
    estimate_shared_at timestamptz,
    inspection_shared_at timestamptz,
    invoice_shared_at timestamptz,
    posted_at timestamptz,
    completed_at timestamptz,
    posted_date date,
    completed_date date,
    labor_sales bigint,
    parts_sales bigint,
    sublet_sales bigint,
    fee_total bigint,
    discount_total bigint,
    taxes bigint,
    total_sales bigint,
    amount_paid bigint,
    balance_due bigint,
    shop_supplies_total bigint,
    epa_total bigint,
    potential_total bigint NOT NULL DEFAULT 0,
    potential_subtotal bigint,
    potential_tax bigint,
    potential_discount bigint,
    potential_job_count integer NOT NULL DEFAULT 0,
    potential_parts_total bigint,
    potential_labor_total bigint,
    potential_sublet_total bigint,
    potential_fees_total bigint,
    authorized_total bigint NOT NULL DEFAULT 0,
    authorized_subtotal bigint,
    authorized_tax bigint,
    authorized_discount bigint,
    authorized_job_count integer NOT NULL DEFAULT 0,
    authorized_parts_total bigint,
    authorized_labor_total bigint,
    authorized_sublet_total bigint,
    authorized_fees_total bigint,
    authorized_revenue bigint,
    authorized_cost bigint,
    authorized_profit bigint,
    authorized_gp_percent numeric,
    authorized_labor_hours numeric,
    miles_in integer,
    miles_out integer,
    keytag text,
    color text,
    label text,
    label_id bigint,
    custom_label text,
    customer_concern text,
    tech_notes text,
    recommendation text,
    internal_notes text,
    tm_updated_at timestamptz GENERATED ALWAYS AS (source_updated_at) STORED,
    source_deleted_at timestamptz,
    sync_hash text,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_id)
);
-- Metrics ask for a shop's day, the job board for a shop's open orders, derivations for what was written lately. What
-- belongs to an order or a job is found by its key or, from the order, by the index beside it.
CREATE INDEX repair_orders_posted ON tekmetric.repair_orders (tm_shop_id, posted_date, account, client_id)
WHERE is_posted;
CREATE INDEX repair_orders_status ON tekmetric.repair_orders (tm_shop_id, status_id, account, client_id);
CREATE INDEX repair_orders_written ON tekmetric.repair_orders (synced_at);
CALL core.describe('tekmetric.repair_orders', '{
    "": "Repair orders. Dates prove no status: posted is status 5 or 6, completed is 3 (sections 1.6 and 1.9)",
    "id": "Our uuid of it, made of client, account, shop and tm_id",
    "tm_id": "The vendor''s id",
    "customer_id": "tekmetric.customers.id of the same shop; whether that row is there, a check counts (T42)",
    "vehicle_id": "tekmetric.vehicles.id of the same shop; likewise",
    "service_advisor_id": "tekmetric.employees.id of the same shop; likewise",
    "technician_id": "tekmetric.employees.id of the same shop; likewise",
    "tm_customer_id": "The vendor''s id of the customer",
    "tm_vehicle_id": "The vendor''s id of the vehicle",
    "tm_service_advisor_id": "The vendor''s id of the service writer",
    "tm_technician_id": "The vendor''s id of the order''s technician; each labor line has its own",
    "ro_number": "Number on paper, unique within the shop only",
    "status": "Code of the status without blanks: ESTIMATE, WORKINPROGRESS, COMPLETE, POSTED, ACCRECV, ...",
    "status_id": "repairOrderStatus 1 to 7; an order without a readable one is rejected, its last good version stays",
    "status_ref": "The status in core.codes; one that nobody declared is there with is_known = false",
    "is_posted": "Status 5 (posted) or 6 (accounts receivable): the revenue counts",
    "is_completed": "Status 3: the work is done and not posted yet",
    "created_date": "When it was written down",
    "updated_date": "When the vendor last changed it",
    "promised_date": "Neither API is known to send it",
    "dropped_off_date": "Neither API is known to send it",
    "picked_up_date": "Neither API is known to send it",
    "appointment_start_at": "The appointment it came from",
    "estimate_shared_at": "When the estimate was shown to the customer",
    "inspection_shared_at": "When the inspection was shown to the customer",
    "invoice_shared_at": "When the invoice was shown to the customer",
    "posted_at": "When it was posted; an unpost and repost rewrites it, backwards too (section 1.6, trap 8) [decisive]",
    "completed_at": "When it was completed [decisive]",
    "posted_date": "Day of posted_at in the shop''s own calendar; null where the shop has no time zone",
    "completed_date": "Day of completed_at in the shop''s own calendar; null where the shop has no time zone",
    "labor_sales": "Cents, the vendor''s figure",
    "parts_sales": "Cents, the vendor''s figure",
    "sublet_sales": "Cents, the vendor''s figure",
    "fee_total": "Cents, the vendor''s figure: fees of the jobs and of the order",
    "discount_total": "Cents, the vendor''s figure: discounts of the jobs and of the order",
    "taxes": "Cents, the vendor''s figure",
    "total_sales": "Cents, the vendor''s figure with taxes; revenue is total_sales - taxes (section 1.10)",
    "amount_paid": "Cents",
    "balance_due": "Cents; the shop API alone knows it",
    "shop_supplies_total": "Cents; the shop API alone knows it",
    "epa_total": "Cents; the shop API alone knows it",
    "potential_total": "Cents: potential_subtotal - potential_discount, whatever was answered; without taxes",
    "potential_subtotal": "Cents: parts + labor + sublets + fees of every job and of the order",
    "potential_tax": "Cents; the vendor sends the taxes of authorized work only",
    "potential_discount": "Cents: discounts of every job and of the order",
    "potential_job_count": "Jobs, whatever was answered",
    "potential_parts_total": "Cents: parts of every job, from their lines",
    "potential_labor_total": "Cents: labor of every job, from its lines",
    "potential_sublet_total": "Cents: every sublet",
    "potential_fees_total": "Cents: fees of every job and of the order",
    "authorized_total": "Cents, ours from lines: authorized_subtotal - authorized_discount; without taxes",
    "authorized_subtotal": "Cents: parts + labor + sublets + fees of authorized work",
    "authorized_tax": "Cents: taxes; 0 where nothing is authorized",
    "authorized_discount": "Cents: discounts of authorized jobs; the order''s own where anything is authorized",
    "authorized_job_count": "Jobs with authorized = true: not answered is not authorized",
    "authorized_parts_total": "Cents: parts of authorized jobs, from their lines",
    "authorized_labor_total": "Cents: labor of authorized jobs, from its lines",
    "authorized_sublet_total": "Cents: authorized sublets",
    "authorized_fees_total": "Cents: fees of authorized jobs; the order''s own where anything is authorized",
    "authorized_revenue": "Cents, the vendor''s own (tekmetric.profits); null without the shop API",
    "authorized_cost": "Cents, the vendor''s own (tekmetric.profits); null without the shop API",
    "authorized_profit": "Cents, the vendor''s own (tekmetric.profits); null without the shop API",
    "authorized_gp_percent": "The vendor''s margin in percent, half-even to 2 places; -4,900 does not fit DECIMAL(5,2)",
    "authorized_labor_hours": "Hours of the labor lines of authorized jobs",
    "miles_in": "Odometer on arrival",
    "miles_out": "Odometer on leaving",
    "keytag": "Key tag",
    "color": "Colour on the job board",
    "label": "Label on the job board",
    "label_id": "The vendor''s id of the label",
    "custom_label": "The shop''s own label",
    "customer_concern": "The concerns of tekmetric.ro_concerns, a line each",
    "tech_notes": "The technician''s comments on them, a line each",
    "recommendation": "Neither API is known to send it",
    "internal_notes": "Neither API is known to send it",
    "tm_updated_at": "As source_updated_at; the original''s name",
    "source_deleted_at": "When the vendor deleted it",
    "sync_hash": "md5 of the order''s lists: an order is written when a line of it changed, whatever its own fields say"
}');

CREATE TABLE tekmetric.ro_fees (
    id uuid
    GENERATED ALWAYS AS (
        tekmetric.uid(client_id, account, 'ro_fees', tm_shop_id, tm_repair_order_id::text || '/' || line)
    ) STORED UNIQUE,
    repair_order_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_repair_order_id::text))
    STORED,
    tm_repair_order_id bigint NOT NULL,
    line text NOT NULL,
    name text,
    fee_type text NOT NULL
    CHECK (fee_type IN ('shop_supplies', 'environmental', 'disposal', 'hazmat', 'other')),
    percentage numeric,
    cap bigint,
    total bigint NOT NULL,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_repair_order_id, line),
    FOREIGN KEY (client_id, account, tm_shop_id, tm_repair_order_id)
    REFERENCES tekmetric.repair_orders (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE
);
CALL core.describe('tekmetric.ro_fees', '{
    "": "Fees of the order itself, which the original implementation had no table for",
    "id": "Our uuid of it",
    "repair_order_id": "tekmetric.repair_orders.id",
    "tm_repair_order_id": "The vendor''s id of the order",
    "line": "The vendor''s id of the fee; without one its name and #n, the how-manieth of that name",
    "name": "Name",
    "fee_type": "Our word for it, told by the name",
    "percentage": "Percent; the shop API alone knows it",
    "cap": "Cents at most; the shop API alone knows it",
    "total": "Cents; a percentage is resolved already"
}');

CREATE TABLE tekmetric.ro_discounts (
    id uuid
    GENERATED ALWAYS AS (
        tekmetric.uid(client_id, account, 'ro_discounts', tm_shop_id, tm_repair_order_id::text || '/' || line)
    ) STORED UNIQUE,
    repair_order_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_repair_order_id::text))
    STORED,
    tm_repair_order_id bigint NOT NULL,
    line text NOT NULL,
    name text,
    total bigint NOT NULL,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_repair_order_id, line),
    FOREIGN KEY (client_id, account, tm_shop_id, tm_repair_order_id)
    REFERENCES tekmetric.repair_orders (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE
);
CALL core.describe('tekmetric.ro_discounts', '{
    "": "Discounts of the order itself, which the original implementation had no table for",
    "id": "Our uuid of it",
    "repair_order_id": "tekmetric.repair_orders.id",
    "tm_repair_order_id": "The vendor''s id of the order",
    "line": "The vendor''s id of the discount; without one its name and #n, the how-manieth of that name",
    "name": "Name",
    "total": "Cents taken off, a positive number"
}');

CREATE TABLE tekmetric.ro_concerns (
    id uuid
    GENERATED ALWAYS AS (
        tekmetric.uid(client_id, account, 'ro_concerns', tm_shop_id, tm_repair_order_id::text || '/' || line)
    ) STORED UNIQUE,
    repair_order_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_repair_order_id::text))
    STORED,
    tm_repair_order_id bigint NOT NULL,
    line text NOT NULL,
    concern text,
    tech_comment text,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_repair_order_id, line),
    FOREIGN KEY (client_id, account, tm_shop_id, tm_repair_order_id)
    REFERENCES tekmetric.repair_orders (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE
);
CALL core.describe('tekmetric.ro_concerns', '{
    "": "What the customer complains of",
    "id": "Our uuid of it",
    "repair_order_id": "tekmetric.repair_orders.id",
    "tm_repair_order_id": "The vendor''s id of the order",
    "line": "The vendor''s id of the concern; without one #n, its place among those without",
    "concern": "The customer''s words",
    "tech_comment": "The technician''s words"
}');

CREATE TABLE tekmetric.pay (
    employee_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'employees', tm_shop_id, tm_id::text)) STORED UNIQUE,
    tm_id bigint NOT NULL,
    hourly_rate bigint,
    salary bigint,
    pay_type text,
    status text CHECK (status IN ('ACTIVE', 'INACTIVE')),
    username text,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_id)
);
CALL core.describe('tekmetric.pay', '{
    "": "What the shop API alone knows of an employee (section 2); tekmetric.employees shows it too",
    "employee_id": "tekmetric.employees.id",
    "tm_id": "The vendor''s id of the employee",
    "hourly_rate": "Cents an hour of pay",
    "salary": "Cents a year",
    "pay_type": "FLAT, HOURLY or SALARY",
    "status": "INACTIVE where disabled or deactivated",
    "username": "Login at the vendor"
}');

CREATE TABLE tekmetric.profits (
    repair_order_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_repair_order_id::text))
    STORED UNIQUE,
    tm_repair_order_id bigint NOT NULL,
    authorized_revenue bigint,
    authorized_cost bigint,
    authorized_profit bigint,
    authorized_margin numeric,
    labor_revenue bigint,
    labor_cost bigint,
    labor_profit bigint,
    labor_margin numeric,
    labor_hours numeric,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_repair_order_id)
);
CREATE INDEX profits_written ON tekmetric.profits (synced_at);
CALL core.describe('tekmetric.profits', '{
    "": "The vendor''s own profit of authorized work (profit/labor, section 2), kept apart from what our lines say",
    "repair_order_id": "tekmetric.repair_orders.id",
    "tm_repair_order_id": "The vendor''s id of the order that was asked for",
    "authorized_revenue": "Cents: totalProfit.retail",
    "authorized_cost": "Cents: totalProfit.cost",
    "authorized_profit": "Cents: totalProfit.profit",
    "authorized_margin": "totalProfit.margin, a fraction; null where the vendor sends NaN for no revenue",
    "labor_revenue": "Cents: laborProfit.retail",
    "labor_cost": "Cents: laborProfit.cost",
    "labor_profit": "Cents: laborProfit.profit",
    "labor_margin": "laborProfit.margin, a fraction; null where the vendor sends NaN for no revenue",
    "labor_hours": "laborProfit.hours"
}');

-- ------------------------------------------------------------------------------------------------ jobs and their lines

CREATE TABLE tekmetric.jobs (
    id uuid GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'jobs', tm_shop_id, tm_id::text)) STORED UNIQUE,
    tm_id bigint NOT NULL,
    repair_order_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_repair_order_id::text))
    STORED,
    tm_repair_order_id bigint NOT NULL,
    technician_id uuid
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'employees', tm_shop_id, tm_technician_id::text)) STORED,
    tm_technician_id bigint,
    name text,
    description text,
    note text,
    job_category_id bigint,
    job_category_name text,
    canned_job_id bigint,
    authorized boolean,
    authorized_date timestamptz,
    declined boolean GENERATED ALWAYS AS (coalesce(NOT authorized, FALSE)) STORED,
    declined_date timestamptz GENERATED ALWAYS AS (CASE WHEN NOT authorized THEN authorized_date END) STORED,
    declined_reason text,
    selected boolean,
    archived boolean,
    completed_at timestamptz,
    total bigint,
    subtotal bigint,
    discount bigint,
    tax bigint,
    parts_total bigint,
    parts_cost bigint,
    labor_total bigint,
    labor_hours numeric,
    logged_hours numeric,
    sublet_total bigint,
    sublet_cost bigint,
    fees_total bigint,
    gross_profit_amount bigint,
    gross_profit_percent numeric,
    sort_order integer,
    tm_created_at timestamptz,
    tm_updated_at timestamptz GENERATED ALWAYS AS (source_updated_at) STORED,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_id),
    FOREIGN KEY (client_id, account, tm_shop_id, tm_repair_order_id)
    REFERENCES tekmetric.repair_orders (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE
);
CREATE INDEX jobs_order ON tekmetric.jobs (tm_repair_order_id, tm_shop_id, account, client_id);
CREATE INDEX jobs_written ON tekmetric.jobs USING brin (synced_at);
CALL core.describe('tekmetric.jobs', '{
    "": "Jobs of an order, whatever was answered",
    "id": "Our uuid of it, made of client, account, shop and tm_id",
    "tm_id": "The vendor''s id",
    "repair_order_id": "tekmetric.repair_orders.id",
    "tm_repair_order_id": "The vendor''s id of the order",
    "technician_id": "tekmetric.employees.id of the same shop",
    "tm_technician_id": "The vendor''s id of the job''s technician; each labor line has its own",
    "name": "Name; null as sent (the original demanded one)",
    "description": "Neither API is known to send it",
    "note": "Note to the customer",
    "job_category_id": "The shop API alone knows it",
    "job_category_name": "Category, where it is sent",
    "canned_job_id": "The shop API alone knows it",
    "authorized": "true approved, false declined, null not answered; null is not authorized (the original wrote false) [decisive]",
    "authorized_date": "When the customer answered, a decline too; sent without a zone, which is UTC",
    "declined": "authorized = false",
    "declined_date": "authorized_date of a declined job",
    "declined_reason": "Neither API is known to send it",
    "selected": "Was presented to the customer",
    "archived": "Declined and not to be offered again, where it is sent",
    "completed_at": "When the job was done, where it is sent",
    "total": "Cents, the vendor''s figure after discount",
    "subtotal": "Cents, the vendor''s figure: parts + labor + fees - discounts (section 1.10)",
    "discount": "Cents, the vendor''s figure",
    "tax": "Cents; the public API sends none of a job",
    "parts_total": "Cents, the vendor''s figure",
    "parts_cost": "Cents; the shop API alone knows it, ours is the sum of job_parts.line_cost",
    "labor_total": "Cents, the vendor''s figure",
    "labor_hours": "Hours, the vendor''s figure, which need not be the sum of the lines (section 1.10)",
    "logged_hours": "Hours on the job clock",
    "sublet_total": "Cents; the shop API alone knows it",
    "sublet_cost": "Cents; the shop API alone knows it",
    "fees_total": "Cents, the vendor''s figure",
    "gross_profit_amount": "Cents; the shop API alone knows it",
    "gross_profit_percent": "The shop API alone knows it; no narrow precision, see authorized_gp_percent",
    "sort_order": "Place in the order''s list, from 0",
    "tm_created_at": "When the vendor made it",
    "tm_updated_at": "As source_updated_at; the original''s name"
}');

CREATE TABLE tekmetric.job_parts (
    id uuid
    GENERATED ALWAYS AS (
        tekmetric.uid(client_id, account, 'job_parts', tm_shop_id, tm_job_id::text || '/' || line)
    ) STORED UNIQUE,
    job_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'jobs', tm_shop_id, tm_job_id::text)) STORED,
    repair_order_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_repair_order_id::text))
    STORED,
    tm_job_id bigint NOT NULL,
    tm_repair_order_id bigint NOT NULL,
    line text NOT NULL,
    tm_id bigint,
    name text,
    brand text,
    part_number text,
    description text,
    quantity numeric,
    retail bigint,
    cost bigint,
    cost_basis text CHECK (cost_basis IN ('unit', 'line')),
    line_cost bigint,
    total bigint,
    core_charge bigint,
    vendor_id bigint,
    vendor_name text,
    manufacturer text,
    ordered boolean,
    received boolean,
    backordered boolean,
    part_type text,
    part_type_id integer,
    part_type_ref text GENERATED ALWAYS AS ('tekmetric partType ' || part_type_id::text) STORED
    REFERENCES core.codes (ref) DEFERRABLE INITIALLY DEFERRED,
    category text,
    model text,
    width text,
    ratio numeric,
    diameter numeric,
    construction_type text,
    load_index text,
    speed_rating text,
    dot_numbers text[],
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_job_id, line),
    FOREIGN KEY (client_id, account, tm_shop_id, tm_job_id)
    REFERENCES tekmetric.jobs (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE,
    FOREIGN KEY (client_id, account, tm_shop_id, tm_repair_order_id)
    REFERENCES tekmetric.repair_orders (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE
);
CREATE INDEX job_parts_order ON tekmetric.job_parts (tm_repair_order_id, tm_shop_id, account, client_id);
CREATE INDEX job_parts_written ON tekmetric.job_parts USING brin (synced_at);
CALL core.describe('tekmetric.job_parts', '{
    "": "Parts of a job. Quantities are decimal and never cut: 4.5 quarts are 4.5",
    "id": "Our uuid of it",
    "job_id": "tekmetric.jobs.id",
    "repair_order_id": "tekmetric.repair_orders.id",
    "tm_job_id": "The vendor''s id of the job",
    "tm_repair_order_id": "The vendor''s id of the order",
    "line": "The vendor''s id of the line; without one its name and #n, the how-manieth of that name",
    "tm_id": "The vendor''s id of the line, null where it sends none",
    "name": "Name; null of a tyre, whose model and size name it (section 1.6, trap 10; the original demanded a name)",
    "brand": "Brand",
    "part_number": "Part number",
    "description": "Description",
    "quantity": "Quantity",
    "retail": "Cents a unit as sent; the line''s where cost_basis says line",
    "cost": "Cents as sent: the unit''s or the line''s, see cost_basis",
    "cost_basis": "unit: cost and retail are one unit''s; line: the whole line''s, as its total tells; null: no cost",
    "line_cost": "Cents the line costs, half-even: cost x quantity, or cost where cost_basis is line",
    "total": "Cents the line sells for: as sent, else retail x quantity, half-even; null without a price",
    "core_charge": "Cents; the shop API alone knows it",
    "vendor_id": "The shop API alone knows it",
    "vendor_name": "The shop API alone knows it",
    "manufacturer": "Neither API is known to send it; see brand",
    "ordered": "The shop API alone knows it",
    "received": "The shop API alone knows it",
    "backordered": "The shop API alone knows it",
    "part_type": "Code of the type without blanks: PART, TIRE, BATTERY",
    "part_type_id": "partType: 1 part, 2 tyre, 5 battery",
    "part_type_ref": "The type in core.codes",
    "category": "Neither API is known to send it",
    "model": "Model of a tyre",
    "width": "Width of a tyre, a text such as LT245",
    "ratio": "Aspect ratio of a tyre",
    "diameter": "Rim diameter of a tyre, inches",
    "construction_type": "Construction of a tyre",
    "load_index": "Load index of a tyre",
    "speed_rating": "Speed rating of a tyre",
    "dot_numbers": "DOT numbers of tyres"
}');

CREATE TABLE tekmetric.job_labor (
    id uuid
    GENERATED ALWAYS AS (
        tekmetric.uid(client_id, account, 'job_labor', tm_shop_id, tm_job_id::text || '/' || line)
    ) STORED UNIQUE,
    job_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'jobs', tm_shop_id, tm_job_id::text)) STORED,
    repair_order_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_repair_order_id::text))
    STORED,
    tm_job_id bigint NOT NULL,
    tm_repair_order_id bigint NOT NULL,
    line text NOT NULL,
    tm_id bigint,
    name text,
    description text,
    labor_type text,
    hours numeric,
    rate bigint,
    total bigint,
    technician_id uuid
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'employees', tm_shop_id, tm_technician_id::text)) STORED,
    tm_technician_id bigint,
    technician_basis text CHECK (technician_basis IN ('line', 'job')),
    technician_name text,
    tech_hourly_cost bigint,
    labor_cost bigint,
    rate_source text
    CHECK (rate_source IN ('assigned', 'employee_cache', 'shop_avg', 'default', 'unknown', 'unassigned')),
    skill_level text,
    is_complete boolean,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_job_id, line),
    FOREIGN KEY (client_id, account, tm_shop_id, tm_job_id)
    REFERENCES tekmetric.jobs (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE,
    FOREIGN KEY (client_id, account, tm_shop_id, tm_repair_order_id)
    REFERENCES tekmetric.repair_orders (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE
);
CREATE INDEX job_labor_order ON tekmetric.job_labor (tm_repair_order_id, tm_shop_id, account, client_id);
CREATE INDEX job_labor_written ON tekmetric.job_labor USING brin (synced_at);
CALL core.describe('tekmetric.job_labor', '{
    "": "Labor of a job",
    "id": "Our uuid of it",
    "job_id": "tekmetric.jobs.id",
    "repair_order_id": "tekmetric.repair_orders.id",
    "tm_job_id": "The vendor''s id of the job",
    "tm_repair_order_id": "The vendor''s id of the order",
    "line": "The vendor''s id of the line; without one its name and #n, the how-manieth of that name",
    "tm_id": "The vendor''s id of the line, null where it sends none",
    "name": "Name",
    "description": "Neither API is known to send it",
    "labor_type": "Neither API is known to send it",
    "hours": "Hours billed",
    "rate": "Cents an hour",
    "total": "Cents: as sent, else rate x hours, half-even; null without a rate",
    "technician_id": "tekmetric.employees.id of the same shop",
    "tm_technician_id": "The vendor''s id of who did it, see technician_basis",
    "technician_basis": "line: the line says who; job: the line has no such field, its job says who; null: nobody does",
    "technician_name": "The shop API alone knows it",
    "tech_hourly_cost": "Cents an hour of pay, written by a derivation",
    "labor_cost": "Cents: hours at tech_hourly_cost, written by a derivation",
    "rate_source": "Where tech_hourly_cost comes from, in the words of the original implementation",
    "skill_level": "The shop API alone knows it",
    "is_complete": "Done"
}');

CREATE TABLE tekmetric.job_fees (
    id uuid
    GENERATED ALWAYS AS (
        tekmetric.uid(client_id, account, 'job_fees', tm_shop_id, tm_job_id::text || '/' || line)
    ) STORED UNIQUE,
    job_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'jobs', tm_shop_id, tm_job_id::text)) STORED,
    repair_order_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_repair_order_id::text))
    STORED,
    tm_job_id bigint NOT NULL,
    tm_repair_order_id bigint NOT NULL,
    line text NOT NULL,
    tm_id bigint,
    name text,
    fee_type text NOT NULL
    CHECK (fee_type IN ('shop_supplies', 'environmental', 'disposal', 'hazmat', 'other')),
    amount bigint,
    percentage numeric,
    cap bigint,
    total bigint NOT NULL,
    taxable boolean,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_job_id, line),
    FOREIGN KEY (client_id, account, tm_shop_id, tm_job_id)
    REFERENCES tekmetric.jobs (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE,
    FOREIGN KEY (client_id, account, tm_shop_id, tm_repair_order_id)
    REFERENCES tekmetric.repair_orders (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE
);
CREATE INDEX job_fees_order ON tekmetric.job_fees (tm_repair_order_id, tm_shop_id, account, client_id);
CREATE INDEX job_fees_written ON tekmetric.job_fees USING brin (synced_at);
CALL core.describe('tekmetric.job_fees', '{
    "": "Fees of a job. Two of one name are two: the original implementation kept the last alone",
    "id": "Our uuid of it",
    "job_id": "tekmetric.jobs.id",
    "repair_order_id": "tekmetric.repair_orders.id",
    "tm_job_id": "The vendor''s id of the job",
    "tm_repair_order_id": "The vendor''s id of the order",
    "line": "The vendor''s id of the line; without one its name and #n, the how-manieth of that name",
    "tm_id": "The vendor''s id of the line, null where it sends none",
    "name": "Name",
    "fee_type": "Our word for it, told by the name",
    "amount": "Cents; the shop API alone knows it",
    "percentage": "Percent; the shop API alone knows it",
    "cap": "Cents at most; the shop API alone knows it",
    "total": "Cents; a percentage is resolved already",
    "taxable": "The shop API alone knows it"
}');

CREATE TABLE tekmetric.job_discounts (
    id uuid
    GENERATED ALWAYS AS (
        tekmetric.uid(client_id, account, 'job_discounts', tm_shop_id, tm_job_id::text || '/' || line)
    ) STORED UNIQUE,
    job_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'jobs', tm_shop_id, tm_job_id::text)) STORED,
    repair_order_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_repair_order_id::text))
    STORED,
    tm_job_id bigint NOT NULL,
    tm_repair_order_id bigint NOT NULL,
    line text NOT NULL,
    tm_id bigint,
    name text,
    total bigint NOT NULL,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_job_id, line),
    FOREIGN KEY (client_id, account, tm_shop_id, tm_job_id)
    REFERENCES tekmetric.jobs (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE,
    FOREIGN KEY (client_id, account, tm_shop_id, tm_repair_order_id)
    REFERENCES tekmetric.repair_orders (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE
);
CREATE INDEX job_discounts_order ON tekmetric.job_discounts (tm_repair_order_id, tm_shop_id, account, client_id);
CREATE INDEX job_discounts_written ON tekmetric.job_discounts USING brin (synced_at);
CALL core.describe('tekmetric.job_discounts', '{
    "": "Discounts of a job, which the original implementation had no table for",
    "id": "Our uuid of it",
    "job_id": "tekmetric.jobs.id",
    "repair_order_id": "tekmetric.repair_orders.id",
    "tm_job_id": "The vendor''s id of the job",
    "tm_repair_order_id": "The vendor''s id of the order",
    "line": "The vendor''s id of the line; without one its name and #n, the how-manieth of that name",
    "tm_id": "The vendor''s id of the line, null where it sends none",
    "name": "Name",
    "total": "Cents taken off, a positive number"
}');

CREATE TABLE tekmetric.job_sublets (
    id uuid
    GENERATED ALWAYS AS (
        tekmetric.uid(client_id, account, 'job_sublets', tm_shop_id, tm_repair_order_id::text || '/' || line)
    ) STORED UNIQUE,
    job_id uuid GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'jobs', tm_shop_id, tm_job_id::text)) STORED,
    repair_order_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_repair_order_id::text))
    STORED,
    tm_job_id bigint,
    tm_repair_order_id bigint NOT NULL,
    line text NOT NULL,
    tm_id bigint,
    name text,
    description text,
    note text,
    vendor_id bigint,
    vendor_name text,
    authorized boolean,
    authorized_date timestamptz,
    selected boolean,
    cost bigint,
    retail bigint,
    items jsonb,
    invoice_number text,
    po_number text,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_repair_order_id, line),
    FOREIGN KEY (client_id, account, tm_shop_id, tm_job_id)
    REFERENCES tekmetric.jobs (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE,
    FOREIGN KEY (client_id, account, tm_shop_id, tm_repair_order_id)
    REFERENCES tekmetric.repair_orders (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE
);
CREATE INDEX job_sublets_job ON tekmetric.job_sublets (tm_job_id, tm_shop_id, account, client_id)
WHERE tm_job_id IS NOT NULL;
CREATE INDEX job_sublets_written ON tekmetric.job_sublets USING brin (synced_at);
CALL core.describe('tekmetric.job_sublets', '{
    "": "Work given to other firms: the order''s in the public API, not a job''s (section 1.9)",
    "id": "Our uuid of it",
    "job_id": "tekmetric.jobs.id; null in the public API",
    "repair_order_id": "tekmetric.repair_orders.id",
    "tm_job_id": "The vendor''s id of the job; null in the public API",
    "tm_repair_order_id": "The vendor''s id of the order",
    "line": "The vendor''s id of the sublet; without one its name and #n, the how-manieth of that name",
    "tm_id": "The vendor''s id of the sublet, null where it sends none",
    "name": "Name",
    "description": "Neither API is known to send it",
    "note": "Note",
    "vendor_id": "The vendor''s id of the other firm",
    "vendor_name": "Its name",
    "authorized": "true approved, false declined, null not answered: its own answer, not a job''s [decisive]",
    "authorized_date": "When the customer answered, a decline too",
    "selected": "Was presented to the customer",
    "cost": "Cents it costs",
    "retail": "Cents it sells for: price as sent",
    "items": "Its items as sent: name, cost, price; their sums are cost and retail (section 1.10)",
    "invoice_number": "Neither API is known to send it",
    "po_number": "Neither API is known to send it"
}');

SELECT access.protect(('tekmetric.' || table_name)::regclass)
FROM unnest(ARRAY[
    'std', 'shops', 'employees', 'customers', 'vehicles', 'repair_orders', 'ro_fees', 'ro_discounts', 'ro_concerns',
    'pay', 'profits', 'jobs', 'job_parts', 'job_labor', 'job_fees', 'job_discounts', 'job_sublets'
]) AS table_name;
-- After many rows at once the loader analyses a table: autovacuum comes too late for the same transaction.
GRANT MAINTAIN ON ALL TABLES IN SCHEMA tekmetric TO branchline_loader; -- noqa: PRS
REVOKE ALL ON tekmetric.std FROM branchline_loader, branchline_reader, branchline_api, branchline_operator;

-- ------------------------------------------------------------------------------------------------------------- views

CREATE VIEW tekmetric.customers_analytics WITH (security_invoker = TRUE) AS
SELECT
    id, client_id, account, shop_id, tm_shop_id, location_id, tm_id, state, country, customer_type_id,
    customer_type_name, tax_exempt, ok_for_marketing, eligible_for_accounts_receivable, preferred_contact_method,
    lead_source, lead_source_id, referral_source, tm_created_at, tm_updated_at, source_deleted_at, is_deleted,
    last_synced_at, created_at, updated_at
FROM tekmetric.customers;
COMMENT ON VIEW tekmetric.customers_analytics IS
'Customers without personal data: no names, e-mail, phones, address, birthday or notes';
GRANT SELECT ON tekmetric.customers_analytics
TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

-- The ledger and the raw archive are the house's; these are the original implementation's names for them, open to whom
-- they are open to themselves.
CREATE VIEW tekmetric.sync_cursors WITH (security_invoker = TRUE) AS
SELECT
    tekmetric.uid(shops.client_id, shops.account, 'sync_cursors', shops.tm_id, cursors.stream) AS id,
    shops.id AS shop_id,
    cursors.stream AS entity_type,
    cursors.moved_at AS last_synced_at,
    (cursors.cursor_value #>> '{}')::timestamptz AS last_tm_updated,
    NULL::bigint AS last_tm_id,
    cursors.cursor_value AS cursor_data
FROM ops.sync_cursors AS cursors
INNER JOIN core.locations
    ON cursors.source = locations.source AND cursors.account = locations.account
    AND cursors.scope = locations.location_id::text
INNER JOIN tekmetric.shops
    ON locations.client_id = shops.client_id AND locations.account = shops.account
    AND locations.external_id = shops.tm_id::text
WHERE cursors.source = 'tekmetric' AND jsonb_typeof(cursors.cursor_value) = 'string';
COMMENT ON VIEW tekmetric.sync_cursors IS 'ops.sync_cursors of this source, a row a shop and stream';
GRANT SELECT ON tekmetric.sync_cursors TO branchline_loader, branchline_operator;

CREATE VIEW tekmetric.sync_log WITH (security_invoker = TRUE) AS
SELECT
    tekmetric.uid(history.client_id, history.account, 'sync_log', 0, history.sync_id::text) AS id,
    NULL::uuid AS shop_id,
    CASE
        WHEN history.configuration ->> 'full' = 'true' THEN 'full'
        WHEN history.configuration ->> 'is_backfill' = 'true' THEN 'backfill'
        ELSE 'incremental'
    END AS sync_type,
    history.sync_type AS entity_type,
    history.start_time AS started_at,
    history.end_time AS completed_at,
    (extract(EPOCH FROM history.end_time - history.start_time) * 1000)::bigint AS duration_ms,
    CASE history.status WHEN 'success' THEN 'completed' ELSE history.status END AS status,
    history.records_fetched,
    history.created AS records_created,
    history.updated AS records_updated,
    history.unchanged + history.stale + history.duplicates AS records_skipped,
    history.quarantined AS error_count,
    CASE WHEN history.error_message IS NOT NULL THEN jsonb_build_array(history.error_message) END AS errors,
    history.configuration || jsonb_build_object('performance', history.performance_metrics) AS metadata
FROM ops.sync_history AS history
WHERE history.crm_source = 'tekmetric';
COMMENT ON VIEW tekmetric.sync_log IS
'ops.sync_history of this source. A sync reads all shops of an account, so shop_id is null; partial stays partial';
GRANT SELECT ON tekmetric.sync_log TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

CREATE VIEW tekmetric.tm_raw_payloads WITH (security_invoker = TRUE) AS
SELECT
    tekmetric.uid(slices.client_id, slices.account, 'tm_raw_payloads', 0, records.record_id::text) AS id,
    shops.id AS shop_id,
    slices.stream AS endpoint,
    'GET' AS method,
    coalesce(tekmetric.as_id(records.body ->> 'id'), records.asked) AS tm_entity_id,
    slices.request AS request_params,
    records.body AS response_payload,
    CASE WHEN records.flaw = 'not_found' THEN 404 ELSE 200 END AS response_status,
    records.fetched_at,
    NULL::timestamptz AS expires_at
FROM landing.records
INNER JOIN ops.sync_slices AS slices USING (slice_id)
LEFT JOIN core.locations ON slices.location_id = locations.location_id
LEFT JOIN tekmetric.shops
    ON slices.client_id = shops.client_id AND slices.account = shops.account
    AND locations.external_id = shops.tm_id::text
WHERE slices.source = 'tekmetric';
COMMENT ON VIEW tekmetric.tm_raw_payloads IS
'landing.records of this source, the loader''s alone; whole days expire by the retention, so no row says when';
GRANT SELECT ON tekmetric.tm_raw_payloads TO branchline_loader;
