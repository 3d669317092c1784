-- Who may let whom see what, and what people did: rights are given and taken by two functions that look at who asks,
-- and a trigger writes down each change of rights and each row that somebody other than the loader writes.

-- ----------------------------------------------------------------------------------------------------- what was done

CREATE TABLE access.audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    action text NOT NULL CHECK (action IN ('admit', 'dismiss', 'grant', 'revoke', 'write')),
    done_by text,
    user_name text,
    login text NOT NULL,
    table_name text NOT NULL,
    row_key jsonb NOT NULL,
    person text,
    client_id text,
    location_id integer,
    before jsonb,
    after jsonb
);
CREATE INDEX audit_of_a_client ON access.audit (client_id, audit_id);
CALL core.describe('access.audit', '{
    "": "What people did: rights given and taken, rows written. Only added to; a trigger writes it, whatever the way in",
    "audit_id": "Our number of it, in the order of time",
    "at": "When; of several in one transaction, when that began",
    "action": "admit (a person was made known or renamed), dismiss (taken out), grant, revoke, write",
    "done_by": "access.people who did it; null where the login is nobody''s, as the migrator''s",
    "user_name": "Airflow user who did it; of a login other than the api''s, what it called itself",
    "login": "PostgreSQL login that did it",
    "table_name": "Table, with its schema",
    "row_key": "Primary key of the row",
    "person": "Whom it was about, where the row names a person",
    "client_id": "In which client; null where the row belongs to none",
    "location_id": "At which location, where the row has one",
    "before": "The row as it was; of a changed row what changed. Without secrets and raw payloads",
    "after": "The row as it is; of a changed row what changed. Without secrets and raw payloads"
}');

ALTER TABLE access.audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE access.audit FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON access.audit TO branchline_migrator USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY operator ON access.audit FOR SELECT TO branchline_operator USING (TRUE);
CREATE POLICY admins ON access.audit FOR SELECT TO branchline_reader, branchline_api USING (
    (SELECT access.is_super_admin()) OR client_id = ANY((SELECT access.clients('{ADMIN}', TRUE))::text[])
);
GRANT SELECT ON access.audit TO branchline_reader, branchline_api, branchline_operator;

-- As its owner, so that nobody else needs a right to write there. The arguments are the columns of the primary key.
CREATE FUNCTION access.write_down() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- what the vendor sent, what a lead tells of a customer, and what only says that a row has changed
    unsaid constant text[] := '{external_data,extra,payload,payload_hash,row_hash,name_key,phone_key,email_key}';
    secret constant text := '(secret|token|password)';
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    whole constant jsonb := coalesce(became, was);
    before jsonb := (SELECT jsonb_object_agg(key, value) FROM jsonb_each(was) WHERE key <> ALL (unsaid) AND key !~ secret);
    after jsonb := (
        SELECT jsonb_object_agg(key, value) FROM jsonb_each(became) WHERE key <> ALL (unsaid) AND key !~ secret
    );
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF was = became THEN
            RETURN NULL;
        END IF;
        SELECT
            coalesce(jsonb_object_agg(key, before -> key), '{}'), coalesce(jsonb_object_agg(key, after -> key), '{}')
        INTO before, after
        FROM jsonb_object_keys(after) AS key
        WHERE before -> key IS DISTINCT FROM after -> key;
    END IF;
    INSERT INTO access.audit
    (action, done_by, user_name, login, table_name, row_key, person, client_id, location_id, before, after)
    VALUES (
        CASE TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME
            WHEN 'access.people' THEN CASE TG_OP WHEN 'DELETE' THEN 'dismiss' ELSE 'admit' END
            WHEN 'access.grants' THEN CASE TG_OP WHEN 'DELETE' THEN 'revoke' ELSE 'grant' END
            ELSE 'write'
        END,
        access.me(), nullif(current_setting('branchline.user', TRUE), ''), session_user,
        TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME,
        (SELECT jsonb_object_agg(key, whole -> key) FROM unnest(TG_ARGV) AS key),
        whole ->> 'person', whole ->> 'client_id', (whole ->> 'location_id')::integer, before, after
    );
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION access.write_down() IS 'Trigger: adds to access.audit what was done to a row, and by whom';

-- The loader's merges are in ops.sync_history, row by row they would double every table; whoever else writes is a
-- person, or somebody by hand.
CREATE FUNCTION access.watch(which regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER people_write AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW '
        'WHEN (session_user <> ''branchline_loader'') EXECUTE FUNCTION access.write_down(%s)',
        which,
        (
            SELECT string_agg(quote_literal(attname), ', ' ORDER BY attnum) FROM pg_index
            INNER JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
            WHERE indrelid = which AND indisprimary
        )
    );
END
$$;
COMMENT ON FUNCTION access.watch(regclass) IS
'Audit a table: called for every table that people may write, at the end of the migration that lets them';

-- Every table that the api may write, and rights themselves.
SELECT access.watch(table_name::regclass)
FROM unnest(ARRAY[
    'access.people', 'access.grants', 'core.locations', 'core.location_aliases', 'crm.truck_journeys',
    'crm.journey_crew', 'crm.crew_people', 'crm.leads', 'fms.settings', 'fms.offices', 'fms.ops_capacity_calendar',
    'fms.media_partners'
]) AS table_name;

CREATE FUNCTION access.refuse_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of %.% would leave no trace in access.audit', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'DELETE the rows.';
END
$$;
COMMENT ON FUNCTION access.refuse_truncate() IS 'Trigger: rights are taken row by row';
CREATE TRIGGER traceless BEFORE TRUNCATE ON access.people
FOR EACH STATEMENT EXECUTE FUNCTION access.refuse_truncate();
CREATE TRIGGER traceless BEFORE TRUNCATE ON access.grants
FOR EACH STATEMENT EXECUTE FUNCTION access.refuse_truncate();

-- -------------------------------------------------------------------------------------------------------- who grants

-- An ADMIN of a whole client sees who has what in it, as he is the one who grants it.
CREATE POLICY admins ON access.grants FOR SELECT TO branchline_reader, branchline_api
USING (client_id = ANY((SELECT access.clients('{ADMIN}', TRUE))::text[]));
CREATE POLICY admins ON access.people FOR SELECT TO branchline_reader, branchline_api USING (
    person IN (
        SELECT grants.person FROM access.grants
        WHERE grants.client_id = ANY((SELECT access.clients('{ADMIN}', TRUE))::text[])
    )
);

-- By the login itself, which no caller can change. Never null: a condition that is null refuses nothing.
CREATE FUNCTION access.may_grant(which_role text, which_client text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT
        pg_has_role(session_user, 'branchline_migrator', 'MEMBER')
        OR access.is_super_admin()
        OR coalesce(which_role <> 'SUPER_ADMIN' AND which_client = ANY(access.clients('{ADMIN}', TRUE)), FALSE);
END;
COMMENT ON FUNCTION access.may_grant(text, text) IS
'Whether whoever asks may give and take that role in that client: the migrator and SUPER_ADMIN any, ADMIN of the whole client any but SUPER_ADMIN';

DROP FUNCTION access.grant_role(text, text, text, integer);

CREATE FUNCTION access.grant_role(
    which_user text, which_role text, which_client text DEFAULT NULL, which_location integer DEFAULT NULL
) RETURNS TABLE (grant_id integer, is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    who text;
BEGIN
    -- one change of rights after the other, so that nobody grants by a right that is being taken from him
    LOCK TABLE access.grants IN SHARE ROW EXCLUSIVE MODE;
    IF access.may_grant(which_role, which_client) IS NOT TRUE THEN
        -- before anything is looked up: a refusal tells nothing about other clients
        RAISE EXCEPTION 'You may not grant % in %', coalesce(which_role, 'no role'),
            coalesce('client ' || which_client, 'every client')
            USING ERRCODE = 'insufficient_privilege',
            HINT = 'SUPER_ADMIN grants everything, ADMIN of a whole client any role but SUPER_ADMIN in that client.';
    ELSIF coalesce(which_user, '') !~ '^[^[:space:][:cntrl:]]([^[:cntrl:]]*[^[:space:][:cntrl:]])?$' THEN
        RAISE EXCEPTION 'A user name is at least one character, without blanks at its ends or control characters'
            USING ERRCODE = 'check_violation', HINT = 'Write it as Airflow shows it.';
    ELSIF NOT EXISTS (SELECT FROM access.roles WHERE roles.role = which_role) THEN
        RAISE EXCEPTION 'There is no role %', coalesce(which_role, 'without a name')
            USING ERRCODE = 'foreign_key_violation',
            HINT = 'The roles are ' || (SELECT string_agg(roles.role, ', ' ORDER BY roles.role) FROM access.roles) || '.';
    ELSIF which_role = 'SUPER_ADMIN' AND (which_client IS NOT NULL OR which_location IS NOT NULL) THEN
        RAISE EXCEPTION 'SUPER_ADMIN is a role in every client'
            USING ERRCODE = 'check_violation', HINT = 'Name neither client nor location.';
    ELSIF which_role <> 'SUPER_ADMIN' AND which_client IS NULL THEN
        RAISE EXCEPTION '% is a role in a client', which_role
            USING ERRCODE = 'check_violation', HINT = 'Name the client.';
    ELSIF which_role = 'AUDITOR' AND which_location IS NOT NULL THEN
        RAISE EXCEPTION 'AUDITOR is a role in the whole client'
            USING ERRCODE = 'check_violation', HINT = 'Name no location; at one location, MANAGER reads.';
    ELSIF which_client IS NOT NULL AND NOT EXISTS (
        SELECT FROM core.clients WHERE clients.client_id = which_client
    ) THEN
        RAISE EXCEPTION 'There is no client %', which_client
            USING ERRCODE = 'foreign_key_violation', HINT = 'Take its client_id, as core.clients has it.';
    ELSIF which_location IS NOT NULL AND NOT EXISTS (
        SELECT FROM core.locations
        WHERE locations.location_id = which_location AND locations.client_id = which_client
    ) THEN
        RAISE EXCEPTION 'Location % is none of client %', which_location, which_client
            USING ERRCODE = 'foreign_key_violation', HINT = 'Take its location_id, as core.locations has it.';
    END IF;
    who := (SELECT people.person FROM access.people WHERE people.user_name = which_user);
    IF who IS NULL THEN
        IF EXISTS (SELECT FROM access.people WHERE people.person = which_user) THEN
            -- whose rights the user would otherwise come by
            RAISE EXCEPTION 'The word % is already somebody else''s', which_user
                USING ERRCODE = 'unique_violation',
                HINT = 'Make a row of access.people for that user, under another word, as the migrator.';
        END IF;
        INSERT INTO access.people (person, user_name) VALUES (which_user, which_user) RETURNING person INTO who;
    END IF;
    RETURN QUERY
    INSERT INTO access.grants AS made (person, role, client_id, location_id, granted_by)
    VALUES (who, which_role, which_client, which_location, coalesce(access.me(), session_user))
    ON CONFLICT (person, role, client_id, location_id) DO NOTHING
    RETURNING made.grant_id, TRUE;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT held.grant_id, FALSE FROM access.grants AS held
        WHERE held.person = who AND held.role = which_role AND held.client_id IS NOT DISTINCT FROM which_client
            AND held.location_id IS NOT DISTINCT FROM which_location;
    END IF;
END
$$;
COMMENT ON FUNCTION access.grant_role(text, text, text, integer) IS
'Grant an Airflow user a role, if whoever asks may; again changes nothing. Gives its number and whether it is new';

CREATE FUNCTION access.revoke_grant(which integer)
RETURNS TABLE (person text, role text, client_id text, location_id integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held access.grants;
    is_allowed boolean;
BEGIN
    LOCK TABLE access.grants IN SHARE ROW EXCLUSIVE MODE;
    SELECT grants.* INTO held FROM access.grants WHERE grants.grant_id = which;
    is_allowed := held.grant_id IS NOT NULL AND access.may_grant(held.role, held.client_id);
    IF held.grant_id IS NULL OR NOT (is_allowed OR coalesce(held.person = access.me(), FALSE)) THEN
        -- one that is not his to see is answered as one that is not there
        RAISE EXCEPTION 'There is no grant % among those you may see', which
            USING ERRCODE = 'no_data_found', HINT = 'Somebody may have revoked it already: look at the list.';
    ELSIF NOT is_allowed THEN
        RAISE EXCEPTION 'You may not revoke %', held.role
            USING ERRCODE = 'insufficient_privilege', HINT = 'Ask whoever grants it.';
    ELSIF held.role = 'SUPER_ADMIN' AND NOT pg_has_role(session_user, 'branchline_migrator', 'MEMBER') AND NOT EXISTS (
        SELECT FROM access.grants WHERE grants.role = 'SUPER_ADMIN' AND grants.person <> held.person
    ) THEN
        RAISE EXCEPTION '% is the last SUPER_ADMIN', held.person
            USING ERRCODE = 'restrict_violation',
            HINT = 'Grant it to somebody else first; the migrator may revoke it all the same.';
    END IF;
    DELETE FROM access.grants WHERE grants.grant_id = which;
    RETURN QUERY SELECT held.person, held.role, held.client_id, held.location_id;
END
$$;
COMMENT ON FUNCTION access.revoke_grant(integer) IS
'Take a grant, if whoever asks may; it ends with the person''s next statement. Gives what it was';

GRANT EXECUTE ON FUNCTION access.grant_role(text, text, text, integer), access.revoke_grant(integer)
TO branchline_api;
GRANT EXECUTE ON FUNCTION access.may_grant(text, text) TO branchline_reader, branchline_api, branchline_crew;
