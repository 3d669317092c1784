-- The roles of the warehouse. Run by the cluster's admin, again and again: it changes nothing the second time.
-- Passwords are set by whoever runs the cluster, never here. SECURITY.md says what each role may do.
DO $roles$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY[
        'branchline_migrator', 'branchline_loader', 'branchline_reader', 'branchline_api', 'branchline_operator'
    ]
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', role_name);
        END IF;
    END LOOP;
    -- People who see journeys without money: no login, entered with SET ROLE by the api or granted to a person's role.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'branchline_crew') THEN
        CREATE ROLE branchline_crew NOLOGIN NOBYPASSRLS;
    END IF;
    IF NOT pg_has_role('branchline_api', 'branchline_crew', 'MEMBER') THEN
        GRANT branchline_crew TO branchline_api WITH INHERIT FALSE, SET TRUE;
    END IF;
    -- Nobody else's login so much as connects; a reader has no temporary tables to build something in.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO branchline_migrator', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO branchline_loader', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO branchline_reader, branchline_api, branchline_operator, branchline_crew',
        current_database()
    );
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    -- A person's question may not hold the warehouse for ever (T88). The limit is the database's, so that it holds for
    -- a person's own login too, which inherits no setting of the roles it is granted; those who work are exempt.
    EXECUTE format('ALTER DATABASE %I SET statement_timeout = %L', current_database(), '5s');
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET statement_timeout = 0', current_user, current_database());
    ALTER ROLE branchline_reader SET statement_timeout = '5s';
    ALTER ROLE branchline_api SET statement_timeout = '5s';
    ALTER ROLE branchline_migrator SET statement_timeout = 0;
    ALTER ROLE branchline_loader SET statement_timeout = 0;
    ALTER ROLE branchline_operator SET statement_timeout = 0;
    ALTER ROLE branchline_reader SET default_transaction_read_only = on;
    ALTER ROLE branchline_operator SET default_transaction_read_only = on;
END
$roles$;
