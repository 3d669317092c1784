-- DriveShop FMS: five reports of a press fleet, the workbooks that people fill in, geocoded partners, and what the
-- original implementation derived from them. Tables and columns keep its names; where a type or a key is wider than
-- there, the table says why. Section numbers are those of the vendor's contract notes (docs/vendors.md, FMS).

CREATE SCHEMA fms;
COMMENT ON SCHEMA fms IS 'DriveShop FMS: vehicles, media partners, loans, activities, approved makes, and the workbooks';
GRANT USAGE ON SCHEMA fms TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

-- An office is known by its name alone and comes with the reports' rows: a new one is a location, and somebody is told.
ALTER TABLE ops.schema_drift DROP CONSTRAINT schema_drift_kind_check;
ALTER TABLE ops.schema_drift ADD CONSTRAINT schema_drift_kind_check
CHECK (kind IN ('unknown_code', 'unmapped_location', 'new_field', 'new_location'));
COMMENT ON COLUMN ops.schema_drift.kind IS 'unknown_code, unmapped_location, new_location or new_field';

-- ------------------------------------------------------------------------------------------------------ how to read

CREATE FUNCTION fms.as_text(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(btrim(sent), '');
COMMENT ON FUNCTION fms.as_text(text) IS 'A word to join by, without the blanks at its ends; nothing but blanks is nothing';

CREATE FUNCTION fms.as_id(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(regexp_replace(btrim(sent), '\.0+$', ''), '');
COMMENT ON FUNCTION fms.as_id(text) IS 'An id as text, leading zeros kept; some come as a float''s text: 1234.0 is 1234';

CREATE FUNCTION fms.as_vin(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(upper(btrim(sent)), '');
COMMENT ON FUNCTION fms.as_vin(text) IS 'A VIN in capitals, so that every report joins by it; placeholders are kept';

CREATE FUNCTION fms.as_number(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN btrim(sent) = '' THEN NULL
    WHEN btrim(sent) ~ '^-?\d{1,3}(,\d{3})+(\.\d+)?$' THEN replace(btrim(sent), ',', '')
    ELSE btrim(sent)
END;
COMMENT ON FUNCTION fms.as_number(text) IS 'A number without its thousands commas; anything else as sent, which typing reports';

CREATE FUNCTION fms.as_day(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    -- the form that nearly all of them have, first: the other one costs ten times as much
    WHEN sent ~ '^\d\d-\d\d-\d\d$'
        THEN CASE WHEN right(sent, 2) >= '69' THEN '19' ELSE '20' END || right(sent, 2) || '-' || left(sent, 5)
    WHEN btrim(sent) = '' THEN NULL
    WHEN btrim(sent) ~ '^\d{1,2}(-\d{1,2}-|/\d{1,2}/)(\d{2}|\d{4})$' THEN concat(
        CASE
            WHEN btrim(sent) ~ '\d{4}$' THEN ''
            WHEN right(btrim(sent), 2) >= '69' THEN '19'
            ELSE '20'
        END,
        split_part(translate(btrim(sent), '/', '-'), '-', 3), '-',
        lpad(split_part(translate(btrim(sent), '/', '-'), '-', 1), 2, '0'), '-',
        lpad(split_part(translate(btrim(sent), '/', '-'), '-', 2), 2, '0')
    )
    ELSE btrim(sent)
END;
COMMENT ON FUNCTION fms.as_day(text) IS
'MM-DD-YY, MM/DD/YY or either with four digits of the year as yyyy-MM-dd; 69 is 1969 and 68 is 2068, as strptime reads';

CREATE FUNCTION fms.as_month(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN btrim(sent) = '' THEN NULL
    WHEN btrim(sent) ~ '^\d{1,2}/\d{4}$'
        THEN concat(split_part(btrim(sent), '/', 2), '-', lpad(split_part(btrim(sent), '/', 1), 2, '0'), '-01')
    ELSE btrim(sent)
END;
COMMENT ON FUNCTION fms.as_month(text) IS 'M/yyyy as the first of that month';

CREATE FUNCTION fms.as_address(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN upper(btrim(sent)) IN ('N/A', '') THEN NULL ELSE sent END;
COMMENT ON FUNCTION fms.as_address(text) IS 'An address; N/A is none';

CREATE FUNCTION fms.is_published(clips text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN lower(clips) IN ('true', 'yes') THEN TRUE
    WHEN lower(clips) IN ('false', 'no') THEN FALSE
    WHEN clips ~ '^\d{1,9}(\.\d{1,9})?$' THEN clips::numeric <> 0
END;
COMMENT ON FUNCTION fms.is_published(text) IS
'Whether clips came of a loan: true, yes and any number but 0 are, false, no and 0 are not, everything else is unknown';

CREATE FUNCTION fms.address_key(address text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(lower(btrim(regexp_replace(normalize(address, nfkc), '[\s,.]+', ' ', 'g'))), '');
COMMENT ON FUNCTION fms.address_key(text) IS 'An address for comparing: lower case, one blank where blanks, commas and points are';

CREATE FUNCTION fms.miles(
    latitude double precision, longitude double precision,
    other_latitude double precision, other_longitude double precision
) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN 2 * 3959 * asin(sqrt(least(
    1,
    power(sind((other_latitude - latitude) / 2), 2)
    + cosd(latitude) * cosd(other_latitude) * power(sind((other_longitude - longitude) / 2), 2)
)));
COMMENT ON FUNCTION fms.miles(double precision, double precision, double precision, double precision) IS
'Haversine distance in statute miles, with an earth radius of 3959 (section 5); null where a place is not known';

CREATE FUNCTION fms.as_cents(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN core.as_cents(translate(sent, ' "', ''));
COMMENT ON FUNCTION fms.as_cents(text) IS 'An amount as integer cents; people write blanks and quotes into it';

CREATE DOMAIN fms.count AS integer CHECK (value >= 0);
COMMENT ON DOMAIN fms.count IS 'A number of things or days, none below 0';
CREATE DOMAIN fms.cents AS bigint CHECK (value >= 0);
COMMENT ON DOMAIN fms.cents IS 'Cents, none below 0';
CREATE DOMAIN fms.year AS integer CHECK (value BETWEEN 2000 AND 2100);
COMMENT ON DOMAIN fms.year IS 'A calendar year of this century';
CREATE DOMAIN fms.quarter AS text CHECK (value ~ '^Q[1-4]$');
COMMENT ON DOMAIN fms.quarter IS 'A calendar quarter, Q1 to Q4';

GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA fms
TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

-- ----------------------------------------------------------------------------------------------------- vocabularies

INSERT INTO core.codes (source, vocabulary, code, label)
SELECT 'fms', vocabulary, code, code AS label
FROM (VALUES
    ('activityType', ARRAY['Loan', 'Media Loan', 'Hold', 'Hold for Turn In', 'Special', 'Event', 'Service']),
    ('rank', ARRAY['A+', 'A', 'B', 'C', 'Pending'])
) AS vocabularies (vocabulary, codes), unnest(codes) AS code;

-- ------------------------------------------------------------------------------------------------------- the reports

CREATE TABLE fms.vehicles (
    vin text NOT NULL,
    vehicle_id integer,
    year integer,
    make text NOT NULL,
    model text NOT NULL,
    model_short_name text,
    office text NOT NULL,
    location_id integer,
    fleet text,
    registration_exp date,
    insurance_exp date,
    current_mileage integer,
    in_service_date date,
    expected_turn_in_date date,
    notes text,
    color text,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, vin)
);
CALL core.describe('fms.vehicles', '{
    "": "Vehicles of the fleet: active_vehicles.rpt; one that the report no longer has is a tombstone",
    "vin": "VIN in capitals; some are placeholders of the vendor''s",
    "vehicle_id": "FMS''s own number; sent since 2025-11-05",
    "year": "Model year",
    "make": "Make",
    "model": "Model with its trim",
    "model_short_name": "Model in short",
    "office": "Office as sent",
    "location_id": "The office''s core.locations",
    "fleet": "Fleet",
    "registration_exp": "Registration expires",
    "insurance_exp": "Insurance expires",
    "current_mileage": "Miles",
    "in_service_date": "First of the month in which it came into service: the vendor sends the month",
    "expected_turn_in_date": "An estimate; says nothing about availability (section 2)",
    "notes": "Notes",
    "color": "Colour; sent since 2025-11-19"
}');

CREATE TABLE fms.media_partners (
    person_id text NOT NULL,
    office text NOT NULL,
    location_id integer,
    name text,
    address text,
    default_loan_region text,
    notes_instructions text,
    affiliation text,
    activity_type_subcategory_id integer,
    latitude numeric(9, 6),
    longitude numeric(9, 6),
    geocode_precision text,
    is_geocode_partial boolean,
    geocoded_at timestamptz,
    preferred_day_of_week text
    CHECK (preferred_day_of_week IN ('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday')),
    preferred_day_confidence numeric(5, 2),
    allowed_start_dows text,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, person_id, office)
);
CREATE INDEX media_partners_preferred ON fms.media_partners (office, preferred_day_of_week)
WHERE preferred_day_of_week IS NOT NULL;
CALL core.describe('fms.media_partners', '{
    "": "Media partners, a row an office they are served by: media_partners.rpt. The original kept one row a person",
    "person_id": "The vendor''s id of the person",
    "office": "Office as sent",
    "location_id": "The office''s core.locations",
    "name": "Name as sent: First Last in some files, Last, First in others",
    "address": "One line; null where the vendor sends N/A",
    "default_loan_region": "Region",
    "notes_instructions": "Notes",
    "affiliation": "What the vendor calls reason; sent since 2025-11-16",
    "activity_type_subcategory_id": "The vendor''s number; sent since 2025-11-16",
    "latitude": "Degrees north of the address, from fms.geocodes; no part of the row''s hash",
    "longitude": "Degrees east of the address, from fms.geocodes; no part of the row''s hash",
    "geocode_precision": "How exact: ROOFTOP, RANGE_INTERPOLATED, GEOMETRIC_CENTER, APPROXIMATE, or the provider''s word",
    "is_geocode_partial": "The provider matched a part of the address only: look at it before you drive there",
    "geocoded_at": "When the provider gave them",
    "preferred_day_of_week": "Weekday the partner mostly starts loans on, see fms.preferred_days; null is none",
    "preferred_day_confidence": "Its share of the weighted loans in percent, one decimal, rounded half to even",
    "allowed_start_dows": "Days on which loans may start, such as Mon,Wed,Fri: set by people, sent by nobody"
}');

CREATE TABLE fms.loan_history (
    activity_id text NOT NULL,
    vin text NOT NULL,
    person_id text NOT NULL,
    make text,
    model text,
    year integer,
    model_short_name text,
    start_date date NOT NULL,
    end_date date,
    clips_received text,
    is_published boolean GENERATED ALWAYS AS (fms.is_published(clips_received)) STORED,
    office text,
    location_id integer,
    name text,
    partner_address text,
    region text,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, activity_id)
);
CREATE INDEX loan_history_person ON fms.loan_history (person_id, start_date);
CALL core.describe('fms.loan_history', '{
    "": "Loans of the past: loan_history.rpt",
    "activity_id": "The vendor''s id of the loan",
    "vin": "Vehicle, in capitals; it may have left the fleet",
    "person_id": "Partner",
    "make": "Make",
    "model": "Model",
    "year": "Model year",
    "model_short_name": "Model in short",
    "start_date": "First day; without one the row is in quarantine",
    "end_date": "Last day, included",
    "clips_received": "Number of clips as text, as sent; null is unknown",
    "is_published": "Whether clips came of it; null is unknown (section 2)",
    "office": "Office as sent",
    "location_id": "The office''s core.locations; null where none is sent",
    "name": "The partner''s name as sent",
    "partner_address": "The partner''s address",
    "region": "Region"
}');

CREATE TABLE fms.current_activity (
    activity_id text NOT NULL,
    person_id text,
    vehicle_vin text NOT NULL,
    activity_type text,
    start_date date,
    end_date date,
    to_field text,
    partner_address text,
    region text,
    location_ids integer[] NOT NULL DEFAULT '{}',
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, activity_id)
);
CREATE INDEX current_activity_vehicle ON fms.current_activity (vehicle_vin, start_date);
CALL core.describe('fms.current_activity', '{
    "": "What vehicles are busy with now and later: current_vehicle_activity.rpt. Both dates given block the vehicle, ends included",
    "activity_id": "The vendor''s id",
    "person_id": "Partner; none for Hold, Hold for Turn In, Special and Event",
    "vehicle_vin": "Vehicle, in capitals",
    "activity_type": "The vendor''s word; the list is open",
    "start_date": "First day [decisive]",
    "end_date": "Last day, included [decisive]",
    "to_field": "Who has it, as sent",
    "partner_address": "The partner''s address",
    "region": "Region",
    "location_ids": "The vehicle''s office; where the vehicle is unknown, the partner''s offices: the report sends none"
}');

CREATE TABLE fms.approved_makes (
    person_id text NOT NULL,
    make text NOT NULL,
    name text,
    rank text,
    location_ids integer[] NOT NULL DEFAULT '{}',
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, person_id, make)
);
CALL core.describe('fms.approved_makes', '{
    "": "Makes that a partner may be lent: approved_makes.rpt",
    "person_id": "Partner",
    "make": "Make",
    "name": "The partner''s name as sent",
    "rank": "A+, A, B, C or Pending",
    "location_ids": "The partner''s offices"
}');

-- ----------------------------------------------------------------------------------------------------- the workbooks

CREATE TABLE fms.ops_capacity (
    office text NOT NULL,
    location_id integer,
    drivers_per_day fms.count,
    notes text,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, office)
);
CALL core.describe('fms.ops_capacity', '{
    "": "Drivers of an office, from the operations workbook",
    "office": "Office",
    "location_id": "Its core.locations",
    "drivers_per_day": "Loans that can start on a weekday; null is not said [decisive]",
    "notes": "Notes"
}');

CREATE TABLE fms.holiday_blackout_dates (
    office text NOT NULL,
    date date NOT NULL,
    holiday_name text NOT NULL,
    location_id integer,
    type text,
    all_day text,
    start_time text,
    end_time text,
    notes text,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, office, date, holiday_name)
);
CALL core.describe('fms.holiday_blackout_dates', '{
    "": "Days on which an office does not work, from the operations workbook",
    "office": "Office",
    "date": "The day",
    "holiday_name": "Why",
    "location_id": "The office''s core.locations",
    "type": "Kind, as written",
    "all_day": "true or false, or as written",
    "start_time": "As written",
    "end_time": "As written",
    "notes": "Notes"
}');

CREATE TABLE fms.rules (
    make text NOT NULL,
    rank text NOT NULL,
    loan_cap_per_year fms.count,
    publication_rate_requirement text,
    cooldown_period fms.count,
    soft_vs_hard_constraint text,
    rule_description text,
    notes text,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, make, rank)
);
CALL core.describe('fms.rules', '{
    "": "Rules of lending by make and rank, from the operations workbook",
    "make": "Make",
    "rank": "Rank, in capitals but for Pending",
    "loan_cap_per_year": "Loans in twelve months; 0 or null blocks [decisive]",
    "publication_rate_requirement": "As written",
    "cooldown_period": "Days between two loans of it to one partner; 0 is off [decisive]",
    "soft_vs_hard_constraint": "As written",
    "rule_description": "As written",
    "notes": "Notes"
}');

CREATE TABLE fms.budgets (
    office text NOT NULL,
    fleet text NOT NULL,
    year fms.year NOT NULL,
    quarter fms.quarter NOT NULL,
    location_id integer,
    budget_amount_cents fms.cents,
    amount_used_cents fms.cents,
    budget_amount numeric GENERATED ALWAYS AS (budget_amount_cents::numeric / 100) STORED,
    amount_used numeric GENERATED ALWAYS AS (amount_used_cents::numeric / 100) STORED,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, office, fleet, year, quarter)
);
CALL core.describe('fms.budgets', '{
    "": "Quarterly budgets of an office and fleet, from the budgets workbook",
    "office": "Office",
    "fleet": "Fleet, in capitals; VW is VOLKSWAGEN, CHEVY and CHEV are CHEVROLET",
    "year": "Calendar year",
    "quarter": "Calendar quarter, Q1 to Q4",
    "location_id": "The office''s core.locations",
    "budget_amount_cents": "Cents planned; null is not said",
    "amount_used_cents": "Cents used, where the workbook has that column",
    "budget_amount": "As budget_amount_cents, in whole units; the original''s name",
    "amount_used": "As amount_used_cents, in whole units; the original''s name"
}');

-- --------------------------------------------------------------------------------------- what people set and we find

CREATE TABLE fms.settings (
    client_id text PRIMARY KEY REFERENCES core.clients,
    min_loans integer CHECK (min_loans > 0),
    min_confidence numeric CHECK (min_confidence BETWEEN 0 AND 1),
    recent_days integer CHECK (recent_days > 0),
    recent_weight numeric CHECK (recent_weight > 0),
    publication_months integer CHECK (publication_months > 0),
    cooldown_days integer CHECK (cooldown_days >= 0),
    drivers_per_day integer CHECK (drivers_per_day >= 0),
    local_miles double precision CHECK (local_miles > 0)
);
CALL core.describe('fms.settings', '{
    "": "Thresholds of what is derived, a row a client that wants others than fms.thresholds has; null is the default",
    "client_id": "Tenant",
    "min_loans": "Loans a partner must have for a preferred day",
    "min_confidence": "Share of them that the day must have",
    "recent_days": "Loans of so many days back count recent_weight times",
    "recent_weight": "Weight of a recent loan; an older one weighs 1",
    "publication_months": "Months back that the publication rate looks",
    "cooldown_days": "Days between two loans where no rule says",
    "drivers_per_day": "Capacity of a weekday where no workbook says",
    "local_miles": "Partners nearer than this are local"
}');

CREATE VIEW fms.thresholds WITH (security_invoker = TRUE) AS
SELECT
    clients.client_id,
    coalesce(own.min_loans, 5) AS min_loans,
    coalesce(own.min_confidence, 0.40) AS min_confidence,
    coalesce(own.recent_days, 365) AS recent_days,
    coalesce(own.recent_weight, 2.0) AS recent_weight,
    coalesce(own.publication_months, 24) AS publication_months,
    coalesce(own.cooldown_days, 60) AS cooldown_days,
    coalesce(own.drivers_per_day, 15) AS drivers_per_day,
    coalesce(own.local_miles, 50) AS local_miles
FROM core.clients LEFT JOIN fms.settings AS own USING (client_id);
COMMENT ON VIEW fms.thresholds IS 'A client''s thresholds as they count: the defaults where fms.settings has none';
GRANT SELECT ON fms.thresholds TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

CREATE TABLE fms.offices (
    client_id text NOT NULL REFERENCES core.clients,
    account text NOT NULL,
    name text NOT NULL,
    active boolean NOT NULL DEFAULT TRUE,
    address text,
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    PRIMARY KEY (client_id, account, name),
    CHECK ((latitude IS NULL) = (longitude IS NULL))
);
CALL core.describe('fms.offices', '{
    "": "What people know of an office and no report sends; without a row it is placed where a geocoder finds its name",
    "client_id": "Tenant",
    "account": "Account",
    "name": "Office as the reports send it",
    "active": "Whether it is served",
    "address": "Address to geocode instead of its name",
    "latitude": "Degrees north; outweighs the geocoder",
    "longitude": "Degrees east; outweighs the geocoder"
}');

CREATE TABLE fms.ops_capacity_calendar (
    id integer GENERATED ALWAYS AS IDENTITY,
    client_id text NOT NULL REFERENCES core.clients,
    account text NOT NULL,
    office text NOT NULL,
    date date NOT NULL,
    slots integer NOT NULL DEFAULT 0 CHECK (slots >= 0),
    notes text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client_id, account, office, date)
);
CALL core.describe('fms.ops_capacity_calendar', '{
    "": "Capacity of an office on one day, where it differs from its weekdays; set by people",
    "id": "Our number of it",
    "client_id": "Tenant",
    "account": "Account",
    "office": "Office",
    "date": "The day",
    "slots": "Loans that can start; 0 is closed",
    "notes": "Notes",
    "created_at": "When it was set",
    "updated_at": "When it was changed"
}');

CREATE TABLE fms.geocodes (
    client_id text NOT NULL REFERENCES core.clients,
    address_key text NOT NULL,
    provider text NOT NULL,
    status text NOT NULL CHECK (status IN ('found', 'not_found', 'refused')),
    latitude numeric(9, 6),
    longitude numeric(9, 6),
    country text CHECK (country ~ '^[A-Z]{2}$'),
    precision text,
    is_partial boolean,
    place_id text,
    detail text,
    fetched_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, address_key),
    CHECK ((status = 'found') = (latitude IS NOT NULL AND longitude IS NOT NULL))
);
CALL core.describe('fms.geocodes', '{
    "": "What a geocoder said of an address, kept as long as its terms allow, so that it is asked once",
    "client_id": "Tenant",
    "address_key": "fms.address_key of the address",
    "provider": "google or nominatim",
    "status": "found, not_found (the provider knows no such place), refused (it would not look for it)",
    "latitude": "Degrees north; dropped when it expires",
    "longitude": "Degrees east; dropped when it expires",
    "country": "ISO 3166 alpha-2 of the place",
    "precision": "The provider''s word for how exact it is",
    "is_partial": "A part of the address was matched only",
    "place_id": "The provider''s id of the place, which may be kept for good",
    "detail": "The provider''s status and message where it found nothing",
    "fetched_at": "When it answered",
    "expires_at": "When it has to be asked again (section 8: coordinates may be kept for 30 days)"
}');

SELECT access.protect(('fms.' || table_name)::regclass)
FROM unnest(ARRAY[
    'vehicles', 'media_partners', 'loan_history', 'current_activity', 'approved_makes', 'ops_capacity',
    'holiday_blackout_dates', 'rules', 'budgets', 'settings', 'offices', 'ops_capacity_calendar', 'geocodes'
]) AS table_name;
GRANT MAINTAIN ON ALL TABLES IN SCHEMA fms TO branchline_loader; -- noqa: PRS
GRANT INSERT, UPDATE, DELETE ON fms.settings, fms.offices, fms.ops_capacity_calendar TO branchline_api;
GRANT UPDATE (allowed_start_dows) ON fms.media_partners TO branchline_api;
REVOKE INSERT, UPDATE, DELETE ON fms.settings, fms.offices, fms.ops_capacity_calendar FROM branchline_loader;
-- An address there belongs to no office, so nobody but the house reads it.
REVOKE SELECT ON fms.geocodes FROM branchline_reader, branchline_api;

-- ------------------------------------------------------------------------------------------- derived, as of any day

CREATE FUNCTION fms.preferred_days(as_of date)
RETURNS TABLE (
    client_id text, account text, person_id text, location_id integer, day_of_week text, confidence numeric,
    loans bigint
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH days AS (
        SELECT
            loans.client_id,
            loans.account,
            loans.person_id,
            loans.location_id,
            extract(ISODOW FROM loans.start_date)::integer AS weekday,
            count(*) AS loans,
            sum(CASE WHEN loans.start_date >= as_of - thresholds.recent_days THEN thresholds.recent_weight ELSE 1 END)
                AS weight
        FROM fms.loan_history AS loans
        INNER JOIN fms.thresholds ON loans.client_id = thresholds.client_id
        WHERE NOT loans.is_deleted AND loans.location_id IS NOT NULL
        GROUP BY loans.client_id, loans.account, loans.person_id, loans.location_id, weekday
    ),

    shares AS (
        SELECT
            days.client_id,
            days.account,
            days.person_id,
            days.location_id,
            days.weekday,
            days.weight / sum(days.weight) OVER pair AS share,
            sum(days.loans) OVER pair AS loans,
            row_number() OVER (pair ORDER BY days.weight DESC, days.weekday) AS place
        FROM days
        WINDOW pair AS (PARTITION BY days.client_id, days.account, days.person_id, days.location_id)
    )

    SELECT
        shares.client_id,
        shares.account,
        shares.person_id,
        shares.location_id,
        (ARRAY['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])[shares.weekday],
        core.half_even(100 * shares.share, 1),
        shares.loans::bigint
    FROM shares
    INNER JOIN fms.thresholds ON shares.client_id = thresholds.client_id
    WHERE shares.place = 1 AND shares.loans >= thresholds.min_loans AND shares.share >= thresholds.min_confidence;
END;
COMMENT ON FUNCTION fms.preferred_days(date) IS
'The weekday on which a partner of an office mostly starts loans: of highest weighted share, the earlier weekday where two are equal (section 5); loans, weekends included, of recent_days back weigh recent_weight';

CREATE FUNCTION fms.publication_rates(as_of date)
RETURNS TABLE (
    client_id text, account text, person_id text, make text, loans_total bigint, loans_published bigint,
    loans_known bigint, publication_rate numeric
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        loans.client_id,
        loans.account,
        loans.person_id,
        loans.make,
        count(*),
        count(*) FILTER (WHERE loans.is_published),
        count(loans.is_published),
        CASE WHEN count(loans.is_published) > 0
            THEN core.half_even(count(*) FILTER (WHERE loans.is_published)::numeric / count(*), 4)
        END
    FROM fms.loan_history AS loans
    INNER JOIN fms.thresholds ON loans.client_id = thresholds.client_id
    WHERE NOT loans.is_deleted
        AND coalesce(loans.end_date, loans.start_date)
        BETWEEN (as_of - make_interval(months => thresholds.publication_months))::date AND as_of
    GROUP BY loans.client_id, loans.account, loans.person_id, loans.make;
END;
COMMENT ON FUNCTION fms.publication_rates(date) IS
'Loans that clips came of over all loans of a partner and make, of the months before; unknown ones count below the line; null where nothing is known (section 5). A fraction, four decimals, rounded half to even';

CREATE FUNCTION fms.cooldowns(as_of date)
RETURNS TABLE (
    client_id text, account text, person_id text, make text, model text, last_end_date date, cooldown_days integer,
    cooldown_until date, is_ok boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH lasting AS (
        SELECT
            loans.client_id,
            loans.account,
            loans.person_id,
            loans.make,
            loans.model,
            max(loans.end_date) AS last_end_date
        FROM fms.loan_history AS loans
        WHERE NOT loans.is_deleted AND loans.end_date IS NOT NULL AND loans.make IS NOT NULL
        GROUP BY loans.client_id, loans.account, loans.person_id, loans.make, loans.model
    )

    SELECT
        lasting.client_id,
        lasting.account,
        lasting.person_id,
        lasting.make,
        lasting.model,
        lasting.last_end_date,
        days.days,
        CASE WHEN days.days > 0 THEN lasting.last_end_date + days.days END,
        days.days = 0 OR as_of >= lasting.last_end_date + days.days
    FROM lasting
    LEFT JOIN fms.approved_makes AS approved
        ON lasting.client_id = approved.client_id AND lasting.account = approved.account
        AND lasting.person_id = approved.person_id AND lasting.make = approved.make AND NOT approved.is_deleted
    LEFT JOIN fms.rules AS rule
        ON lasting.client_id = rule.client_id AND lasting.account = rule.account
        AND lasting.make = rule.make AND upper(approved.rank) = upper(rule.rank) AND NOT rule.is_deleted
    INNER JOIN fms.thresholds ON lasting.client_id = thresholds.client_id
    CROSS JOIN LATERAL (SELECT coalesce(rule.cooldown_period, thresholds.cooldown_days) AS days) AS days;
END;
COMMENT ON FUNCTION fms.cooldowns(date) IS
'Until when a partner is not lent a make and model again: the last end date plus the days of the rule for make and rank, else of the settings; 0 is off (section 5). A loan without a model counts for its make';

CREATE FUNCTION fms.tier_caps(as_of date)
RETURNS TABLE (
    client_id text, account text, person_id text, make text, rank text, loan_cap integer, loans_of_the_year bigint,
    loans_left bigint, is_blocked boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        approved.client_id,
        approved.account,
        approved.person_id,
        approved.make,
        approved.rank,
        caps.cap,
        used.loans,
        CASE WHEN caps.cap IS NOT NULL THEN greatest(0, caps.cap - used.loans) END,
        caps.cap IS NOT NULL AND used.loans >= caps.cap
    FROM fms.approved_makes AS approved
    LEFT JOIN fms.rules AS rule
        ON approved.client_id = rule.client_id AND approved.account = rule.account
        AND approved.make = rule.make AND upper(approved.rank) = upper(rule.rank) AND NOT rule.is_deleted
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN rule.make IS NOT NULL THEN coalesce(rule.loan_cap_per_year, 0)
            WHEN upper(approved.rank) = 'A+' THEN NULL
            WHEN upper(approved.rank) = 'A' THEN 100
            WHEN upper(approved.rank) = 'B' THEN 50
            ELSE 10
        END AS cap
    ) AS caps
    CROSS JOIN LATERAL (
        SELECT count(*) AS loans
        FROM fms.loan_history AS loans
        WHERE loans.client_id = approved.client_id AND loans.account = approved.account
            AND loans.person_id = approved.person_id AND loans.make = approved.make AND NOT loans.is_deleted
            AND loans.start_date > (as_of - interval '12 months')::date AND loans.start_date <= as_of
    ) AS used
    WHERE NOT approved.is_deleted;
END;
COMMENT ON FUNCTION fms.tier_caps(date) IS
'Loans a partner may have of a make in twelve months, and has left: the rule for make and rank (0 or null blocks), else A+ without a limit (null), A 100, B 50, C and any other rank 10 (section 5)';

CREATE FUNCTION fms.capacity(first_day date, last_day date)
RETURNS TABLE (client_id text, account text, office text, date date, slots integer, said_by text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        offices.client_id,
        offices.account,
        offices.name,
        days.day::date,
        CASE
            WHEN calendar.slots IS NOT NULL THEN calendar.slots
            WHEN extract(ISODOW FROM days.day) > 5 THEN 0
            ELSE coalesce(capacity.drivers_per_day, thresholds.drivers_per_day)
        END,
        CASE
            WHEN calendar.slots IS NOT NULL THEN 'calendar'
            WHEN extract(ISODOW FROM days.day) > 5 THEN 'weekend'
            WHEN capacity.drivers_per_day IS NOT NULL THEN 'workbook'
            ELSE 'settings'
        END
    FROM core.locations AS offices
    CROSS JOIN generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') AS days (day)
    INNER JOIN fms.thresholds ON offices.client_id = thresholds.client_id
    LEFT JOIN fms.ops_capacity_calendar AS calendar
        ON offices.client_id = calendar.client_id AND offices.account = calendar.account
        AND offices.name = calendar.office AND calendar.date = days.day::date
    -- an office may stand in the workbook twice, by its name and by an alias: its name counts
    LEFT JOIN LATERAL (
        SELECT own.drivers_per_day FROM fms.ops_capacity AS own
        WHERE own.client_id = offices.client_id AND own.location_id = offices.location_id AND NOT own.is_deleted
        ORDER BY own.office = offices.name DESC, own.office
        LIMIT 1
    ) AS capacity ON TRUE
    WHERE offices.source = 'fms' AND offices.is_mapped;
END;
COMMENT ON FUNCTION fms.capacity(date, date) IS
'Loans that can start in an office on each day: of the calendar, else drivers a weekday of the workbook, else of the settings, none at weekends (section 5). Holidays are in fms.holiday_blackout_dates and close nothing by themselves';

GRANT EXECUTE ON FUNCTION
fms.preferred_days(date), fms.publication_rates(date), fms.cooldowns(date), fms.tier_caps(date),
fms.capacity(date, date)
TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

CREATE VIEW fms.publication_rate WITH (security_invoker = TRUE) AS
SELECT rates.* FROM fms.publication_rates(current_date) AS rates;
COMMENT ON VIEW fms.publication_rate IS 'fms.publication_rates of today';
CREATE VIEW fms.cooldown WITH (security_invoker = TRUE) AS
SELECT cooldowns.* FROM fms.cooldowns(current_date) AS cooldowns;
COMMENT ON VIEW fms.cooldown IS 'fms.cooldowns of today';
CREATE VIEW fms.tier_cap WITH (security_invoker = TRUE) AS
SELECT caps.* FROM fms.tier_caps(current_date) AS caps;
COMMENT ON VIEW fms.tier_cap IS 'fms.tier_caps of today';
CREATE VIEW fms.capacity_by_day WITH (security_invoker = TRUE) AS
SELECT capacity.* FROM fms.capacity(current_date, current_date + 13) AS capacity;
COMMENT ON VIEW fms.capacity_by_day IS 'fms.capacity of today and the thirteen days after';

CREATE VIEW fms.budget_remaining WITH (security_invoker = TRUE) AS
SELECT
    budgets.client_id,
    budgets.account,
    budgets.office,
    budgets.location_id,
    budgets.fleet,
    budgets.year,
    budgets.quarter,
    budgets.budget_amount_cents,
    coalesce(budgets.amount_used_cents, 0) AS amount_used_cents,
    CASE
        WHEN budgets.budget_amount_cents IS NOT NULL
            THEN greatest(0, budgets.budget_amount_cents - coalesce(budgets.amount_used_cents, 0))
    END AS remaining_cents
FROM fms.budgets
WHERE NOT budgets.is_deleted;
COMMENT ON VIEW fms.budget_remaining IS 'Cents left of a quarter''s budget, never below 0; null where none is planned';

CREATE VIEW fms.partner_places WITH (security_invoker = TRUE) AS
SELECT
    partners.client_id,
    partners.account,
    partners.person_id,
    array_agg(DISTINCT partners.location_id ORDER BY partners.location_id) AS location_ids
FROM fms.media_partners AS partners
WHERE partners.location_id IS NOT NULL
GROUP BY partners.client_id, partners.account, partners.person_id;
COMMENT ON VIEW fms.partner_places IS 'The offices that each partner is served by: where his activities and makes belong';

CREATE VIEW fms.partner_distances WITH (security_invoker = TRUE) AS
SELECT
    partners.client_id,
    partners.account,
    partners.person_id,
    partners.office,
    partners.location_id,
    away.miles,
    away.miles < thresholds.local_miles AS is_local
FROM fms.media_partners AS partners
INNER JOIN core.locations AS offices USING (client_id, location_id)
INNER JOIN fms.thresholds ON partners.client_id = thresholds.client_id
CROSS JOIN LATERAL (
    SELECT fms.miles(
        partners.latitude::double precision, partners.longitude::double precision, offices.latitude, offices.longitude
    ) AS miles
) AS away
WHERE NOT partners.is_deleted;
COMMENT ON VIEW fms.partner_distances IS
'Statute miles from a partner to the office that serves it, and whether that is local; null where one has no place yet';

GRANT SELECT ON
fms.publication_rate, fms.cooldown, fms.tier_cap, fms.capacity_by_day, fms.budget_remaining, fms.partner_places,
fms.partner_distances TO branchline_loader, branchline_reader, branchline_api, branchline_operator;
