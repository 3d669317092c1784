-- Arrivy: crews and what they have to do: entities, groups, tasks with their status histories, where the crews were,
-- customers, crews (divisions), bookings. Tables bear their stream's name, columns the original implementation's. Ids
-- are text: 16 digits, close to what a float can hold. Section numbers are those of the vendor's contract notes
-- (docs/vendors.md, Arrivy).

CREATE SCHEMA arrivy;
COMMENT ON SCHEMA arrivy IS 'Arrivy: entities, groups, tasks with their statuses, location reports, customers, crews, bookings';
GRANT USAGE ON SCHEMA arrivy TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

-- ------------------------------------------------------------------------------------------------------ how to read

CREATE FUNCTION arrivy.as_text(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(btrim(sent), '');
COMMENT ON FUNCTION arrivy.as_text(text) IS 'A word to join by, without the blanks at its ends; nothing but blanks is nothing';

CREATE FUNCTION arrivy.as_instant(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN substr(sent, 17, 1) = ':' AND substr(sent, 19, 1) !~ '\d'
        THEN core.as_instant(regexp_replace(sent, '(:)(\d)(?!\d)', '\10\2'))
    ELSE core.as_instant(sent)
END;
COMMENT ON FUNCTION arrivy.as_instant(text) IS
'An ISO date-time; without a zone it is UTC (section 6); seconds may have one digit (section 4.2)';

CREATE FUNCTION arrivy.as_zone(sent text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN btrim(sent) ~ '^[A-Za-z_]+(/[A-Za-z_-]+)+$|^Etc/GMT[+-]\d\d?$'
        AND pg_input_is_valid('2000-01-01 00:00 ' || btrim(sent), 'timestamptz')
        THEN btrim(sent)
END;
COMMENT ON FUNCTION arrivy.as_zone(text) IS
'An IANA zone that the database knows, without the blanks around it; anything else is none';

CREATE FUNCTION arrivy.as_object(sent jsonb) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE jsonb_typeof(sent)
    WHEN 'null' THEN NULL
    WHEN 'string' THEN CASE
        WHEN btrim(sent #>> '{}') = '' THEN NULL
        WHEN pg_input_is_valid(sent #>> '{}', 'jsonb') THEN nullif((sent #>> '{}')::jsonb, 'null'::jsonb)
        ELSE sent
    END
    ELSE sent
END;
COMMENT ON FUNCTION arrivy.as_object(jsonb) IS
'A value that comes as an object, as null or as a text of JSON, in one form (section 9, quirk 6); other text stays text';

CREATE FUNCTION arrivy.as_ids(sent jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN jsonb_typeof(sent) = 'array'
        THEN ARRAY(
            SELECT ids.id FROM jsonb_array_elements_text(sent) WITH ORDINALITY AS ids (id, place) ORDER BY ids.place
        )
END;
COMMENT ON FUNCTION arrivy.as_ids(jsonb) IS 'A list of ids as text, in the vendor''s order; null where none is sent';

CREATE FUNCTION arrivy.business_date(original text, instant text, zone text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN original ~ '^\d{4}-\d\d-\d\d[T ]\d\d:.*([+-]\d\d:?\d\d|Z)$' THEN core.as_day(original)
    WHEN zone IS NOT NULL AND pg_input_is_valid(arrivy.as_instant(instant), 'timestamptz')
        THEN (arrivy.as_instant(instant)::timestamptz AT TIME ZONE zone)::date::text
END;
COMMENT ON FUNCTION arrivy.business_date(text, text, text) IS
'The day of the place: the date as its sender wrote it, else the instant in the zone; null where neither is known (section 6)';

CREATE DOMAIN arrivy.minutes AS integer CHECK (value >= 0);
COMMENT ON DOMAIN arrivy.minutes IS 'Minutes, none below 0: the vendor sends negative durations, which mean nothing (section 4.2)';

GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA arrivy
TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

-- ----------------------------------------------------------------------------------------------------- vocabularies

INSERT INTO core.codes (source, vocabulary, code, label)
SELECT 'arrivy', vocabulary, code, code AS label
FROM (VALUES
    (
        'statusType',
        ARRAY[
            'NOTSTARTED', 'ENROUTE', 'STARTED', 'COMPLETE', 'EXCEPTION', 'CANCELLED', 'PREPARING', 'CONFIRMED',
            'CUSTOM', 'RECOMMENDED', 'RESCHEDULED', 'CUSTOMER_EXCEPTION', 'READYFORPICKUP', 'LATE', 'NOSHOW',
            'ARRIVING', 'PREDICTED_LATE'
        ]
    ),
    ('permission', ARRAY['ADMIN', 'SCHEDULER', 'FIELDCREW', 'LIMITEDACCESS']),
    ('externalType', ARRAY['HUBSPOT', 'PIPEDRIVE', 'CALENDLY', 'MOVERBASE', 'SAMSARA', 'SALESFORCE', 'OTHER']),
    ('statusSource', ARRAY['web', 'email', 'sms', 'app'])
) AS vocabularies (vocabulary, codes), unnest(codes) AS code;

-- ------------------------------------------------------------------------------------------------------ the company

CREATE TABLE arrivy.groups (
    group_id text NOT NULL,
    url_safe_id text,
    owner text,
    name text,
    description text,
    email text,
    phone text,
    mobile_number text,
    website text,
    emergency text,
    address_line_1 text,
    address_line_2 text,
    complete_address text,
    city text,
    state text,
    country text,
    zipcode text,
    latitude double precision,
    longitude double precision,
    use_lat_lng_address boolean,
    is_address_geo_coded boolean,
    timezone text,
    image_id text,
    image_path text,
    is_default boolean,
    is_disabled boolean,
    is_implicit boolean,
    social_links jsonb,
    additional_addresses jsonb,
    territory_ids text[],
    extra_fields jsonb,
    created_by text,
    created timestamptz,
    updated timestamptz,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, group_id)
);
CALL core.describe('arrivy.groups', '{
    "": "Groups: the company''s branches, one core.locations each (section 4.6)",
    "group_id": "The vendor''s id",
    "url_safe_id": "The vendor''s opaque key",
    "owner": "The company''s account",
    "name": "Name",
    "description": "Description",
    "email": "E-mail, trimmed, in lower case",
    "phone": "Telephone as sent",
    "mobile_number": "Mobile as sent",
    "website": "Web site",
    "emergency": "Emergency contact",
    "address_line_1": "Street",
    "address_line_2": "Unit",
    "complete_address": "The address in one line",
    "city": "City",
    "state": "State or province",
    "country": "Country as sent, ISO alpha-3 mostly",
    "zipcode": "Postal code, leading zeros kept",
    "latitude": "Degrees north, from exact_location",
    "longitude": "Degrees east, from exact_location",
    "use_lat_lng_address": "Whether the coordinates are the address",
    "is_address_geo_coded": "Whether the vendor found the address",
    "timezone": "IANA zone as sent",
    "image_id": "Image",
    "image_path": "Path of the image",
    "is_default": "Whether new records belong to it",
    "is_disabled": "Whether it is closed",
    "is_implicit": "Whether the vendor made it by itself",
    "social_links": "Links",
    "additional_addresses": "Further addresses",
    "territory_ids": "Territories",
    "extra_fields": "The company''s own fields, in one form whatever was sent",
    "created_by": "Who made it",
    "created": "When it was made",
    "updated": "When it was changed, as the vendor says"
}');

CREATE TABLE arrivy.entities (
    entity_id text NOT NULL,
    location_id integer,
    group_id text,
    additional_group_ids text[],
    name text,
    username text,
    type text,
    owner text,
    external_id text,
    external_type text,
    email text,
    phone text,
    details text,
    image_id text,
    image_path text,
    color text,
    url_safe_id text,
    is_active boolean,
    is_disabled boolean,
    is_default boolean,
    permission text,
    user_type text,
    invite_status text,
    address_line_1 text,
    address_line_2 text,
    city text,
    state text,
    country text,
    zipcode text,
    complete_address text,
    latitude double precision,
    longitude double precision,
    is_address_geo_coded boolean,
    use_lat_lng_address boolean,
    allow_login_in_kiosk_mode_only boolean,
    can_turnoff_location boolean,
    can_view_customers_of_all_groups boolean,
    is_status_priority_notifications_disabled boolean,
    is_included_in_billing boolean,
    force_stop_billing boolean,
    can_manage_resources boolean,
    can_manage_crews boolean,
    can_manage_entities boolean,
    skill_ids text[],
    skill_details jsonb,
    extra_fields jsonb,
    visible_bookings jsonb,
    visible_routing_forms jsonb,
    notifications jsonb,
    allow_status_notifications jsonb,
    permission_groups jsonb,
    template_id text,
    template_extra_fields jsonb,
    email_invitation jsonb,
    created_by text,
    created_by_user text,
    updated_by text,
    updated_by_user text,
    joined_datetime timestamptz,
    created timestamptz,
    updated timestamptz,
    okta_user_id text,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, entity_id)
);
CALL core.describe('arrivy.entities', '{
    "": "Entities: crew members (section 4.1)",
    "entity_id": "The vendor''s id",
    "location_id": "The core.locations of its group; null where it has none",
    "group_id": "Group",
    "additional_group_ids": "Further groups",
    "name": "Name; null where the vendor sends none: the original wrote Entity and the id",
    "username": "User name",
    "type": "What the company calls this kind of worker: free text",
    "owner": "The company''s account",
    "external_id": "The other system''s id",
    "external_type": "The other system: HUBSPOT, OTHER and so on",
    "email": "E-mail, trimmed, in lower case",
    "phone": "Telephone as sent; some come as a number",
    "details": "Notes",
    "image_id": "Image",
    "image_path": "Path of the image",
    "color": "Colour on the calendar",
    "url_safe_id": "The vendor''s opaque key",
    "is_active": "Whether it is active",
    "is_disabled": "Whether it is switched off: its readings are not asked for",
    "is_default": "Whether it is the default one",
    "permission": "ADMIN, SCHEDULER, FIELDCREW or LIMITEDACCESS",
    "user_type": "The same, where the vendor sends it by this name",
    "invite_status": "Whether the invitation was accepted",
    "address_line_1": "Street",
    "address_line_2": "Unit",
    "city": "City",
    "state": "State or province",
    "country": "Country as sent",
    "zipcode": "Postal code, leading zeros kept",
    "complete_address": "The address in one line",
    "latitude": "Degrees north of the address, from exact_location",
    "longitude": "Degrees east of the address, from exact_location",
    "is_address_geo_coded": "Whether the vendor found the address",
    "use_lat_lng_address": "Whether the coordinates are the address",
    "allow_login_in_kiosk_mode_only": "Kiosk only",
    "can_turnoff_location": "Whether the member may switch the readings off",
    "can_view_customers_of_all_groups": "A right",
    "is_status_priority_notifications_disabled": "A setting",
    "is_included_in_billing": "Whether the vendor bills it",
    "force_stop_billing": "Whether billing was stopped by hand",
    "can_manage_resources": "A right",
    "can_manage_crews": "A right",
    "can_manage_entities": "A right",
    "skill_ids": "Skills",
    "skill_details": "Skills, in words",
    "extra_fields": "The company''s own fields, in one form whatever was sent",
    "visible_bookings": "Bookings it sees",
    "visible_routing_forms": "Forms it sees",
    "notifications": "What it is told by",
    "allow_status_notifications": "What it is told of",
    "permission_groups": "Groups of rights",
    "template_id": "Template",
    "template_extra_fields": "The template''s own fields",
    "email_invitation": "Invitation",
    "created_by": "Who made it",
    "created_by_user": "The same, by name",
    "updated_by": "Who changed it",
    "updated_by_user": "The same, by name",
    "joined_datetime": "When the member joined",
    "created": "When it was made",
    "updated": "When it was changed, as the vendor says",
    "okta_user_id": "Id of the sign-in service"
}');

CREATE TABLE arrivy.entity_readings (
    entity_id text NOT NULL,
    location_id integer,
    reported_at timestamptz,
    latitude double precision,
    longitude double precision,
    street text,
    city text,
    country text,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, entity_id),
    FOREIGN KEY (client_id, account, entity_id) REFERENCES arrivy.entities
);
CALL core.describe('arrivy.entity_readings', '{
    "": "Where each crew member was last, as its own record says (lastreading): apart, since it moves and the rest does not",
    "entity_id": "Crew member",
    "location_id": "The core.locations of its group",
    "reported_at": "When; sent without a zone, which means UTC",
    "latitude": "Degrees north",
    "longitude": "Degrees east",
    "street": "Street",
    "city": "City",
    "country": "Country"
}');

CREATE TABLE arrivy.crews (
    crew_id text NOT NULL,
    owner text,
    name text,
    created timestamptz,
    updated timestamptz,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, crew_id)
);
CALL core.describe('arrivy.crews', '{
    "": "Crews: divisions of the company (section 3.2)",
    "crew_id": "The vendor''s id",
    "owner": "The company''s account",
    "name": "Name",
    "created": "When it was made",
    "updated": "When it was changed, as the vendor says"
}');

CREATE TABLE arrivy.crew_members (
    crew_id text NOT NULL,
    entity_id text NOT NULL,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, crew_id, entity_id),
    FOREIGN KEY (client_id, account, crew_id) REFERENCES arrivy.crews
);
CALL core.describe('arrivy.crew_members', '{
    "": "Who belongs to which crew (entities_data)",
    "crew_id": "Crew",
    "entity_id": "Crew member"
}');

CREATE TABLE arrivy.status_definitions (
    status_id text NOT NULL,
    title text,
    name text,
    description text,
    type text,
    type_id text,
    "order" integer,
    visible_to_customer boolean,
    require_signature boolean,
    require_rating boolean,
    color text,
    is_active boolean,
    created timestamptz,
    updated timestamptz,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, status_id)
);
CALL core.describe('arrivy.status_definitions', '{
    "": "The statuses that a task can have, the company''s own among them (section 4.4)",
    "status_id": "The vendor''s id",
    "title": "What people see",
    "name": "Name",
    "description": "Description",
    "type": "The vendor''s type; CUSTOM for the company''s own. The original: status_type",
    "type_id": "Number of the type",
    "order": "Place in lists",
    "visible_to_customer": "Whether the customer is told",
    "require_signature": "Whether it asks for a signature",
    "require_rating": "Whether it asks for a rating",
    "color": "Colour, hex without #",
    "is_active": "Whether it can be chosen",
    "created": "When it was made; some have none",
    "updated": "When it was changed; some have none"
}');

CREATE TABLE arrivy.customers (
    customer_id text NOT NULL,
    location_ids integer[] NOT NULL DEFAULT '{}',
    owner text,
    first_name text,
    last_name text,
    company_name text,
    email text,
    phone text,
    mobile_number text,
    notes text,
    extra_fields jsonb,
    address_line_1 text,
    address_line_2 text,
    city text,
    state text,
    country text,
    zipcode text,
    latitude double precision,
    longitude double precision,
    notifications jsonb,
    external_id text,
    created timestamptz,
    updated timestamptz,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, customer_id)
);
CALL core.describe('arrivy.customers', '{
    "": "Customers (section 4.7)",
    "customer_id": "The vendor''s id",
    "location_ids": "The core.locations of the customer''s tasks and bookings; no part of the row''s hash",
    "owner": "The company''s account",
    "first_name": "First name",
    "last_name": "Last name",
    "company_name": "Company; names may be blank then",
    "email": "E-mail, trimmed, in lower case",
    "phone": "Telephone as sent",
    "mobile_number": "Mobile as sent",
    "notes": "Notes",
    "extra_fields": "The company''s own fields, in one form whatever was sent",
    "address_line_1": "Street",
    "address_line_2": "Unit",
    "city": "City",
    "state": "State or province",
    "country": "Country as sent",
    "zipcode": "Postal code, leading zeros kept",
    "latitude": "Degrees north, from exact_location",
    "longitude": "Degrees east, from exact_location",
    "notifications": "What the customer is told by",
    "external_id": "The other system''s id",
    "created": "When it was made",
    "updated": "When it was changed, as the vendor says"
}');

-- ---------------------------------------------------------------------------------------------------------- the work

CREATE TABLE arrivy.tasks (
    task_id text NOT NULL,
    location_id integer,
    url_safe_id text,
    title text,
    details text,
    owner text,
    template text,
    template_type text,
    group_id text,
    series_id text,
    booking_id text,
    is_booking boolean,
    is_archived boolean,
    is_locked boolean,
    start_datetime timestamptz,
    end_datetime timestamptz,
    due_datetime timestamptz,
    start_datetime_original_iso_str text,
    end_datetime_original_iso_str text,
    due_datetime_original_iso_str text,
    start_datetime_timezone text,
    end_datetime_timezone text,
    business_date date,
    duration arrivy.minutes,
    unscheduled boolean,
    self_scheduling boolean,
    task_without_time boolean,
    expected_start_datetime timestamptz,
    expected_end_datetime timestamptz,
    listed_status text,
    listed_status_id text,
    listed_status_title text,
    status text,
    status_title text,
    status_at timestamptz,
    status_reporter_id text,
    customer_id text,
    customer_name text,
    customer_first_name text,
    customer_last_name text,
    customer_company_name text,
    customer_email text,
    customer_phone text,
    customer_mobile_number text,
    customer_address_line_1 text,
    customer_address_line_2 text,
    customer_address text,
    customer_city text,
    customer_state text,
    customer_country text,
    customer_zipcode text,
    customer_latitude double precision,
    customer_longitude double precision,
    customer_notes text,
    customer_timezone text,
    is_customer_address_geo_coded boolean,
    use_lat_lng_address boolean,
    resource_ids text[],
    crew_ids text[],
    worker_ids text[],
    number_of_workers_required integer,
    entity_confirmation_statuses jsonb,
    external_id text,
    external_type text,
    external_url text,
    external_resource_type text,
    linked_internal_ref text,
    linked_external_ref text,
    is_linked boolean,
    route_id text,
    internal_route_id text,
    routes jsonb,
    entity_routes jsonb,
    position_in_route integer,
    current_destination jsonb,
    additional_addresses jsonb,
    mileage_data jsonb,
    travel_time numeric,
    wait_time numeric,
    task_time numeric,
    total_time numeric,
    rating numeric,
    rating_text text,
    outbound_sms_count integer,
    inbound_sms_count integer,
    outbound_email_count integer,
    inbound_email_count integer,
    document_ids text[],
    file_ids text[],
    files jsonb,
    forms jsonb,
    items jsonb,
    extra_fields jsonb,
    skill_ids text[],
    skill_details jsonb,
    is_supply_provided_locked boolean,
    is_supply_returned_locked boolean,
    created timestamptz,
    updated timestamptz,
    created_by text,
    created_by_user text,
    updated_by text,
    updated_by_user text,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, task_id)
);
CREATE INDEX tasks_start ON arrivy.tasks (client_id, account, start_datetime);
CREATE INDEX tasks_customer ON arrivy.tasks (client_id, account, customer_id);
CREATE INDEX tasks_day ON arrivy.tasks (location_id, business_date);
CALL core.describe('arrivy.tasks', '{
    "": "Tasks: scheduled ones, unscheduled ones and those without date and time (section 4.2)",
    "task_id": "The vendor''s id",
    "location_id": "The core.locations of its group; null where it has none",
    "url_safe_id": "The vendor''s opaque key",
    "title": "Title; null where the vendor sends none: the original wrote Task and the id",
    "details": "Notes",
    "owner": "The company''s account",
    "template": "Template",
    "template_type": "TASK",
    "group_id": "Group",
    "series_id": "Series that it recurs in",
    "booking_id": "Booking that it came from",
    "is_booking": "Whether it is a booking",
    "is_archived": "Whether it is archived",
    "is_locked": "Whether it is locked",
    "start_datetime": "When it is to begin; null for unscheduled ones and for those without date and time [decisive]",
    "end_datetime": "When it is to end",
    "due_datetime": "When it is due",
    "start_datetime_original_iso_str": "The begin as its sender wrote it, with his offset",
    "end_datetime_original_iso_str": "The end as its sender wrote it",
    "due_datetime_original_iso_str": "The due time as its sender wrote it",
    "start_datetime_timezone": "IANA zone of the begin, where sent",
    "end_datetime_timezone": "IANA zone of the end, where sent",
    "business_date": "The day of the place: the date as its sender wrote it, else the begin in its zone, else in its group''s (section 6)",
    "duration": "Minutes; null where the vendor sends less than 0",
    "unscheduled": "Whether nobody planned it yet",
    "self_scheduling": "Whether the customer chooses the time",
    "task_without_time": "Whether it has no date and time at all",
    "expected_start_datetime": "Expected begin",
    "expected_end_datetime": "Expected end",
    "listed_status": "Status as the list says it, which may lag behind: a type, or the title of the company''s own",
    "listed_status_id": "Its definition, as the list says",
    "listed_status_title": "Its title, as the list says",
    "status": "The truth: type of the newest entry of arrivy.task_statuses, else what the list says; no part of the row''s hash",
    "status_title": "Its title; no part of the row''s hash",
    "status_at": "When that entry was true; no part of the row''s hash",
    "status_reporter_id": "Who reported it; no part of the row''s hash",
    "customer_id": "Customer",
    "customer_name": "Customer''s name",
    "customer_first_name": "Customer''s first name",
    "customer_last_name": "Customer''s last name",
    "customer_company_name": "Customer''s company",
    "customer_email": "E-mail, trimmed, in lower case",
    "customer_phone": "Telephone as sent; some come as a number",
    "customer_mobile_number": "Mobile as sent",
    "customer_address_line_1": "Street",
    "customer_address_line_2": "Unit",
    "customer_address": "The address in one line",
    "customer_city": "City",
    "customer_state": "State or province",
    "customer_country": "Country as sent",
    "customer_zipcode": "Postal code, leading zeros kept",
    "customer_latitude": "Degrees north, from customer_exact_location",
    "customer_longitude": "Degrees east, from customer_exact_location",
    "customer_notes": "Notes of the customer",
    "customer_timezone": "Zone of the customer, as sent",
    "is_customer_address_geo_coded": "Whether the vendor found the address",
    "use_lat_lng_address": "Whether the coordinates are the address",
    "resource_ids": "Equipment",
    "crew_ids": "Crews",
    "worker_ids": "Workers",
    "number_of_workers_required": "Workers needed",
    "entity_confirmation_statuses": "Who has confirmed, by crew member",
    "external_id": "The other system''s id",
    "external_type": "The other system",
    "external_url": "Link into the other system",
    "external_resource_type": "What it is there",
    "linked_internal_ref": "Reference",
    "linked_external_ref": "Reference",
    "is_linked": "Whether it is linked",
    "route_id": "Route",
    "internal_route_id": "Route, internal",
    "routes": "Routes",
    "entity_routes": "Routes by crew member",
    "position_in_route": "Place in the route",
    "current_destination": "Where the crew drives to",
    "additional_addresses": "Further addresses",
    "mileage_data": "Miles driven, a list (the vendor''s mileage)",
    "travel_time": "Minutes on the road; comes as text or number",
    "wait_time": "Minutes of waiting",
    "task_time": "Minutes of work",
    "total_time": "Minutes in all",
    "rating": "The customer''s stars",
    "rating_text": "The customer''s words",
    "outbound_sms_count": "Messages sent",
    "inbound_sms_count": "Messages received",
    "outbound_email_count": "E-mails sent",
    "inbound_email_count": "E-mails received",
    "document_ids": "Documents",
    "file_ids": "Files",
    "files": "Files, whole",
    "forms": "Forms",
    "items": "Items",
    "extra_fields": "The company''s own fields, in one form whatever was sent",
    "skill_ids": "Skills needed",
    "skill_details": "Skills, in words",
    "is_supply_provided_locked": "A setting",
    "is_supply_returned_locked": "A setting",
    "created": "When it was made",
    "updated": "When it was changed, as the vendor says",
    "created_by": "Who made it",
    "created_by_user": "The same, by name",
    "updated_by": "Who changed it",
    "updated_by_user": "The same, by name"
}');

CREATE TABLE arrivy.task_entities (
    task_id text NOT NULL,
    entity_id text NOT NULL,
    location_id integer,
    place integer NOT NULL,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, task_id, entity_id),
    FOREIGN KEY (client_id, account, task_id) REFERENCES arrivy.tasks
);
CREATE INDEX task_entities_entity ON arrivy.task_entities (client_id, account, entity_id);
CALL core.describe('arrivy.task_entities', '{
    "": "Who is sent to which task (entity_ids)",
    "task_id": "Task",
    "entity_id": "Crew member",
    "location_id": "The task''s core.locations",
    "place": "Place in the vendor''s list, from 1"
}');

CREATE TABLE arrivy.task_template_fields (
    task_id text NOT NULL,
    place integer NOT NULL,
    location_id integer,
    name text,
    type text,
    value text,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, task_id, place),
    FOREIGN KEY (client_id, account, task_id) REFERENCES arrivy.tasks
);
CREATE INDEX task_template_fields_name ON arrivy.task_template_fields (name);
CALL core.describe('arrivy.task_template_fields', '{
    "": "The template''s own fields of a task, a row each (template_extra_fields); the original had a column for some of them",
    "task_id": "Task",
    "place": "Place in the vendor''s list, from 1: a name may come twice",
    "location_id": "The task''s core.locations",
    "name": "Name of the field",
    "type": "TEXT, DROPDOWN, NUMBER and so on",
    "value": "Value as text; lists and objects as JSON"
}');

CREATE TABLE arrivy.task_statuses (
    task_id text NOT NULL,
    entry_id text NOT NULL,
    location_id integer,
    place integer NOT NULL,
    type text,
    title text,
    type_title text,
    color text,
    reported_at timestamptz NOT NULL,
    time_original_iso_str text,
    reporter_id text,
    reporter_name text,
    source text,
    extra_fields jsonb,
    notes text,
    files jsonb,
    visible_to_customer boolean,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, task_id, entry_id)
);
CREATE INDEX task_statuses_reported ON arrivy.task_statuses (location_id, reported_at);
CALL core.describe('arrivy.task_statuses', '{
    "": "The status history of each task: its newest entry is the truth (section 9, quirk 4)",
    "task_id": "Task",
    "entry_id": "The vendor''s id of the entry",
    "location_id": "The task''s core.locations when the entry was read",
    "place": "Place in the vendor''s list, from 1: decides between entries of one instant",
    "type": "NOTSTARTED, ENROUTE, STARTED, COMPLETE and so on; CUSTOM for the company''s own",
    "title": "Title of the company''s own",
    "type_title": "Title of the type",
    "color": "Colour",
    "reported_at": "When it was true (the vendor''s time); one that was reported late is older than its neighbours",
    "time_original_iso_str": "The same as its sender wrote it",
    "reporter_id": "Who reported it",
    "reporter_name": "The same, by name",
    "source": "web, email, sms or app",
    "extra_fields": "What was reported with it, in one form whatever was sent",
    "notes": "Notes, from extra_fields or beside them",
    "files": "Files, from extra_fields or beside them",
    "visible_to_customer": "Whether the customer sees it"
}');

CREATE TABLE arrivy.location_reports (
    entity_id text NOT NULL,
    reported_at timestamptz NOT NULL,
    location_id integer,
    latitude double precision,
    longitude double precision,
    street text,
    city text,
    country text,
    meta jsonb,
    authorized boolean,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, entity_id, reported_at)
);
CALL core.describe('arrivy.location_reports', '{
    "": "Where the crew members were: their readings (section 4.5)",
    "entity_id": "Crew member",
    "reported_at": "When; sent without a zone, which means UTC",
    "location_id": "The core.locations of the member''s group when the reading was read",
    "latitude": "Degrees north",
    "longitude": "Degrees east",
    "street": "Street",
    "city": "City",
    "country": "Country",
    "meta": "What the device sent with it",
    "authorized": "Whether the member had agreed"
}');

CREATE TABLE arrivy.bookings (
    booking_id text NOT NULL,
    location_id integer,
    url_safe_id text,
    title text,
    description text,
    owner text,
    template text,
    group_id text,
    task_type text,
    start_datetime timestamptz,
    end_datetime timestamptz,
    due_datetime timestamptz,
    start_datetime_original_iso_str text,
    timezone text,
    business_date date,
    actual_start_datetime timestamptz,
    actual_end_datetime timestamptz,
    duration arrivy.minutes,
    duration_estimate arrivy.minutes,
    unscheduled boolean,
    is_recurring boolean,
    is_all_day boolean,
    enable_time_window_display boolean,
    status text,
    status_id text,
    status_title text,
    customer_id text,
    customer_name text,
    customer_first_name text,
    customer_last_name text,
    customer_company_name text,
    customer_email text,
    customer_phone text,
    customer_mobile_number text,
    customer_address_line_1 text,
    customer_address_line_2 text,
    customer_city text,
    customer_state text,
    customer_country text,
    customer_zipcode text,
    customer_latitude double precision,
    customer_longitude double precision,
    customer_notes text,
    entity_ids text[],
    resource_ids text[],
    team_member_ids text[],
    assigned_team_members jsonb,
    external_id text,
    external_type text,
    route_name text,
    instructions text,
    custom_fields jsonb,
    extra_fields jsonb,
    template_extra_fields jsonb,
    created timestamptz,
    updated timestamptz,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, account, booking_id)
);
CALL core.describe('arrivy.bookings', '{
    "": "Bookings: what customers asked for, task-like (section 4.8)",
    "booking_id": "The vendor''s id",
    "location_id": "The core.locations of its group; null where it has none",
    "url_safe_id": "The vendor''s opaque key",
    "title": "Title",
    "description": "Description",
    "owner": "The company''s account",
    "template": "Template",
    "group_id": "Group",
    "task_type": "Kind of booking",
    "start_datetime": "Begin [decisive]",
    "end_datetime": "End",
    "due_datetime": "Due",
    "start_datetime_original_iso_str": "The begin as its sender wrote it, with his offset",
    "timezone": "IANA zone of the booking, as sent",
    "business_date": "The day of the place, as of arrivy.tasks",
    "actual_start_datetime": "When work began",
    "actual_end_datetime": "When work ended",
    "duration": "Minutes; null where the vendor sends less than 0",
    "duration_estimate": "Minutes estimated; null where the vendor sends less than 0",
    "unscheduled": "Whether nobody planned it yet",
    "is_recurring": "Whether it recurs",
    "is_all_day": "Whether it takes the day",
    "enable_time_window_display": "Whether a window is shown",
    "status": "Status as sent",
    "status_id": "Its definition",
    "status_title": "Its title",
    "customer_id": "Customer",
    "customer_name": "Customer''s name",
    "customer_first_name": "Customer''s first name",
    "customer_last_name": "Customer''s last name",
    "customer_company_name": "Customer''s company",
    "customer_email": "E-mail, trimmed, in lower case",
    "customer_phone": "Telephone as sent",
    "customer_mobile_number": "Mobile as sent",
    "customer_address_line_1": "Street",
    "customer_address_line_2": "Unit",
    "customer_city": "City",
    "customer_state": "State or province",
    "customer_country": "Country as sent",
    "customer_zipcode": "Postal code, leading zeros kept",
    "customer_latitude": "Degrees north",
    "customer_longitude": "Degrees east",
    "customer_notes": "Notes of the customer",
    "entity_ids": "Crew members",
    "resource_ids": "Equipment",
    "team_member_ids": "Team",
    "assigned_team_members": "Team, whole",
    "external_id": "The other system''s id",
    "external_type": "The other system",
    "route_name": "Route",
    "instructions": "Instructions",
    "custom_fields": "Fields",
    "extra_fields": "The company''s own fields, in one form whatever was sent",
    "template_extra_fields": "The template''s own fields",
    "created": "When it was made",
    "updated": "When it was changed, as the vendor says"
}');

SELECT access.protect(('arrivy.' || table_name)::regclass)
FROM unnest(ARRAY[
    'groups', 'entities', 'entity_readings', 'crews', 'crew_members', 'status_definitions', 'customers', 'tasks',
    'task_entities', 'task_template_fields', 'task_statuses', 'location_reports', 'bookings'
]) AS table_name;
GRANT MAINTAIN ON ALL TABLES IN SCHEMA arrivy TO branchline_loader; -- noqa: PRS
