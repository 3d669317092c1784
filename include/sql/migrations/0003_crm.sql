-- Truck journeys: one a job, of whatever source; and who is assigned to them.

CREATE SCHEMA crm;
COMMENT ON SCHEMA crm IS 'What the people of the branches work with: journeys, crews, leads to send';
GRANT USAGE ON SCHEMA crm
TO branchline_loader, branchline_reader, branchline_api, branchline_operator, branchline_crew;
-- as in core: they only spell, with the rights of whoever calls them
ALTER DEFAULT PRIVILEGES IN SCHEMA crm GRANT EXECUTE ON FUNCTIONS
TO branchline_loader, branchline_reader, branchline_api, branchline_operator, branchline_crew;

CREATE TABLE crm.journey_statuses (
    source text NOT NULL,
    code integer NOT NULL,
    status text NOT NULL
    CHECK (status IN ('MORNING_PREP', 'EN_ROUTE', 'ONSITE', 'COMPLETED', 'AUDITED', 'CANCELLED')),
    makes_journey boolean NOT NULL,
    PRIMARY KEY (source, code)
);
CALL core.describe('crm.journey_statuses', '{
    "": "The one map from a vendor''s status to a journey''s. A code that is not here makes and changes nothing",
    "source": "Vendor slug",
    "code": "The vendor''s code",
    "status": "Journey status",
    "makes_journey": "False: only a journey that exists already takes the status"
}');
-- Booked, Completed, Closed make a journey; Cancelled, Lost and BadLead withdraw one; leads and quotes are none.
INSERT INTO crm.journey_statuses (source, code, status, makes_journey) VALUES
('smartmoving', 4, 'MORNING_PREP', TRUE),
('smartmoving', 10, 'COMPLETED', TRUE),
('smartmoving', 11, 'AUDITED', TRUE),
('smartmoving', 20, 'CANCELLED', FALSE),
('smartmoving', 30, 'CANCELLED', FALSE),
('smartmoving', 50, 'CANCELLED', FALSE),
('smartmoving', 0, 'CANCELLED', FALSE),
('smartmoving', 1, 'CANCELLED', FALSE),
('smartmoving', 3, 'CANCELLED', FALSE);

CREATE TABLE crm.truck_journeys (
    external_id text NOT NULL,
    location_id integer NOT NULL,
    date date NOT NULL,
    status text NOT NULL
    CHECK (status IN ('MORNING_PREP', 'EN_ROUTE', 'ONSITE', 'COMPLETED', 'AUDITED', 'CANCELLED')),
    start_time timestamptz,
    end_time timestamptz,
    estimated_cost_cents bigint,
    currency text,
    notes text,
    tags text[] NOT NULL,
    data_source text NOT NULL,
    sync_status text NOT NULL CHECK (sync_status IN ('SYNCED', 'PENDING', 'FAILED')),
    job_id text NOT NULL,
    opportunity_id text,
    customer_id text,
    external_data jsonb,
    last_sync_at timestamptz GENERATED ALWAYS AS (observed_at) STORED,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, external_id),
    UNIQUE (client_id, account, job_id)
);
CREATE INDEX truck_journeys_day ON crm.truck_journeys (client_id, date, location_id);
CALL core.describe('crm.truck_journeys', '{
    "": "One journey a job; rescheduled, cancelled or gone it is updated, never duplicated",
    "external_id": "sm_job_<job number>; of a further account of the client sm_job_<account>_<job number>",
    "location_id": "Location; the unmapped row where the branch matches none",
    "date": "The vendor''s local service date, never converted",
    "status": "By crm.journey_statuses; ONSITE from the job''s start time",
    "start_time": "The job''s own start, null until it started",
    "end_time": "The job''s own end, null until it ended",
    "estimated_cost_cents": "Estimated total with tax; null without the detail",
    "currency": "The location''s",
    "notes": "SmartMoving Job #<number> - <customer> - <branch>",
    "tags": "Service type, SmartMoving, branch",
    "data_source": "SMARTMOVING, ...",
    "sync_status": "SYNCED with its detail, PENDING while the detail is not fetched yet",
    "job_id": "The vendor''s id of the job",
    "opportunity_id": "The vendor''s id of the opportunity",
    "customer_id": "The vendor''s id of the customer",
    "external_data": "The raw job as the vendor sent it",
    "last_sync_at": "When the version in this row was fetched"
}');
SELECT access.protect('crm.truck_journeys');

CREATE TABLE crm.journey_crew (
    external_id text NOT NULL,
    crew_member text NOT NULL,
    location_id integer NOT NULL,
    LIKE core.audit INCLUDING ALL,
    PRIMARY KEY (client_id, external_id, crew_member)
);
CALL core.describe('crm.journey_crew', '{
    "": "Who is assigned to a journey, as the source names them",
    "external_id": "Journey",
    "crew_member": "Name or id as the source sends it",
    "location_id": "The journey''s location"
}');
SELECT access.protect('crm.journey_crew');

CREATE TABLE crm.crew_people (
    client_id text NOT NULL REFERENCES core.clients,
    account text NOT NULL,
    crew_member text NOT NULL,
    person text NOT NULL REFERENCES access.people,
    PRIMARY KEY (client_id, account, crew_member, person)
);
CALL core.describe('crm.crew_people', '{
    "": "The explicit mapping of a source''s crew name to a person. No mapping, no rows",
    "client_id": "Tenant",
    "account": "Account whose name it is",
    "crew_member": "Name or id as the source sends it",
    "person": "access.people"
}');
SELECT access.protect('crm.crew_people');

-- Dispatchers see their locations' journeys, drivers and movers their own; none of them money or the raw job: they
-- work as branchline_crew, which has no grant on those columns.
CREATE FUNCTION access.my_crew() RETURNS TABLE (client_id text, account text, crew_member text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT crew.client_id, crew.account, crew.crew_member FROM crm.crew_people AS crew
    WHERE crew.person = access.me()
    AND EXISTS (
        SELECT FROM access.grants
        WHERE grants.person = crew.person AND grants.client_id = crew.client_id AND grants.role IN ('DRIVER', 'MOVER')
    );
END;
COMMENT ON FUNCTION access.my_crew() IS 'Crew names that the person who asks goes by, where he is a driver or mover';
GRANT EXECUTE ON FUNCTION access.my_crew() TO branchline_crew;
-- has_column_privilege: a login that was granted branchline_reader too would see these rows with their money.
CREATE POLICY crew_read ON crm.journey_crew FOR SELECT TO branchline_crew
USING (
    NOT (SELECT has_column_privilege('crm.truck_journeys', 'estimated_cost_cents', 'SELECT'))
    AND (
        (client_id, account, crew_member) IN (
            SELECT mine.client_id, mine.account, mine.crew_member FROM access.my_crew() AS mine
        )
        OR (client_id, location_id) IN (
            SELECT mine.client_id, mine.location_id FROM access.places('{DISPATCHER}') AS mine
        )
    )
);
CREATE POLICY crew_read ON crm.truck_journeys FOR SELECT TO branchline_crew
USING (
    NOT (SELECT has_column_privilege('crm.truck_journeys', 'estimated_cost_cents', 'SELECT'))
    AND (
        (client_id, location_id) IN (
            SELECT mine.client_id, mine.location_id FROM access.places('{DISPATCHER}') AS mine
        )
        OR (client_id, external_id) IN (
            SELECT crew.client_id, crew.external_id FROM crm.journey_crew AS crew
            WHERE NOT crew.is_deleted AND (crew.client_id, crew.account, crew.crew_member) IN (
                SELECT mine.client_id, mine.account, mine.crew_member FROM access.my_crew() AS mine
            )
        )
    )
);
CREATE POLICY crew_read ON core.locations FOR SELECT TO branchline_crew
USING (
    NOT (SELECT has_column_privilege('crm.truck_journeys', 'estimated_cost_cents', 'SELECT'))
    AND (
        (client_id, location_id) IN (
            SELECT mine.client_id, mine.location_id FROM access.places('{DISPATCHER}') AS mine
        )
        OR location_id IN (SELECT crew.location_id FROM crm.journey_crew AS crew)
    )
);
GRANT SELECT (
    external_id, location_id, date, status, start_time, end_time, notes, tags, data_source, sync_status, job_id,
    client_id, account, last_sync_at, is_deleted
) ON crm.truck_journeys TO branchline_crew;
GRANT SELECT (client_id, account, external_id, crew_member, location_id, is_deleted) ON crm.journey_crew
TO branchline_crew;
GRANT SELECT (location_id, client_id, name, city, region, timezone) ON core.locations TO branchline_crew;

-- What people write, within their scope: a journey's own course, who is on it, and who a crew's name is. Whose a row
-- is stays: no grant on client_id or account. Nobody deletes a journey: it is marked.
GRANT INSERT ON crm.truck_journeys, crm.journey_crew TO branchline_api;
GRANT UPDATE (location_id, date, status, start_time, end_time, notes, tags, is_deleted, deleted_at)
ON crm.truck_journeys TO branchline_api;
GRANT UPDATE (is_deleted, deleted_at) ON crm.journey_crew TO branchline_api;
GRANT INSERT, UPDATE, DELETE ON crm.crew_people TO branchline_api;
REVOKE INSERT, UPDATE, DELETE ON crm.crew_people FROM branchline_loader;

-- Which journeys count as today's is the branch's own calendar: a location without a time zone has no today.
CREATE VIEW crm.active_journeys WITH (security_invoker = TRUE) AS
SELECT
    journeys.client_id, journeys.external_id, journeys.location_id, locations.name AS location_name, journeys.date,
    journeys.status, journeys.start_time, journeys.end_time, journeys.notes, journeys.tags, journeys.data_source,
    journeys.sync_status, journeys.last_sync_at,
    journeys.date - (now() AT TIME ZONE locations.timezone)::date AS days_ahead
FROM crm.truck_journeys AS journeys
INNER JOIN core.locations ON locations.location_id = journeys.location_id
WHERE NOT journeys.is_deleted AND journeys.status IN ('MORNING_PREP', 'EN_ROUTE', 'ONSITE');
COMMENT ON VIEW crm.active_journeys IS 'Journeys not finished and not withdrawn; days_ahead by the branch''s own calendar';

CREATE VIEW crm.today_journeys WITH (security_invoker = TRUE) AS
SELECT * FROM crm.active_journeys WHERE days_ahead = 0;
COMMENT ON VIEW crm.today_journeys IS 'Active journeys of the branch''s own today';

CREATE VIEW crm.tomorrow_journeys WITH (security_invoker = TRUE) AS
SELECT * FROM crm.active_journeys WHERE days_ahead = 1;
COMMENT ON VIEW crm.tomorrow_journeys IS 'Active journeys of the branch''s own tomorrow';
GRANT SELECT ON crm.active_journeys, crm.today_journeys, crm.tomorrow_journeys
TO branchline_reader, branchline_api, branchline_operator, branchline_crew, branchline_loader;
GRANT SELECT ON crm.journey_statuses
TO branchline_reader, branchline_api, branchline_operator, branchline_crew, branchline_loader;
GRANT MAINTAIN ON crm.truck_journeys, crm.journey_crew TO branchline_loader; -- noqa: PRS
