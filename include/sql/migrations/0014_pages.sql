-- What the pages show of the ledger beyond what the views of 0010 needed, and what people decide there.

-- ----------------------------------------------------------------------------------------------------- a run's slices

-- Which days, how many calls, how long it waited: no request, no error in full.
GRANT SELECT (window_start, window_end, api_calls, waited_seconds, reread, merged_at)
ON ops.sync_slices TO branchline_reader, branchline_api;

-- -------------------------------------------------------------------------------------------------------------- drift

-- A code or a name belongs to the client whose sync saw it first; the vendor's vocabulary is everybody's.
ALTER TABLE ops.schema_drift ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.schema_drift FORCE ROW LEVEL SECURITY;
CREATE POLICY workers ON ops.schema_drift TO branchline_migrator, branchline_loader USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY operator ON ops.schema_drift FOR SELECT TO branchline_operator USING (TRUE);
CREATE POLICY people_read ON ops.schema_drift FOR SELECT TO branchline_reader, branchline_api USING (
    (SELECT access.is_super_admin())
    OR EXISTS (
        SELECT FROM ops.sync_history AS history
        WHERE history.sync_id = schema_drift.sync_id
            AND history.client_id = ANY((SELECT access.clients('{ADMIN,AUDITOR}', TRUE))::text[])
    )
);
GRANT SELECT ON ops.schema_drift TO branchline_reader, branchline_api;

-- --------------------------------------------------------------------------------------------------------- quarantine

CREATE TABLE ops.quarantine_decisions (
    decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_id text NOT NULL,
    source text NOT NULL,
    account text NOT NULL,
    stream text NOT NULL,
    table_name text NOT NULL,
    reason text NOT NULL,
    field text NOT NULL,
    decision text NOT NULL CHECK (decision IN ('ignored', 'reopened')),
    why text NOT NULL CHECK (length(why) BETWEEN 3 AND 500),
    decided_by text NOT NULL DEFAULT current_setting('branchline.user', TRUE) CHECK (decided_by <> ''),
    decided_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX quarantine_decisions_newest ON ops.quarantine_decisions (
    client_id, source, account, stream, table_name, reason, field, decision_id
);
CALL core.describe('ops.quarantine_decisions', '{
    "": "Which groups of quarantine people chose to ignore, and why; the newest row of a group counts, none is changed",
    "decision_id": "Our number of it",
    "client_id": "Tenant",
    "source": "Vendor slug",
    "account": "Account",
    "stream": "Stream",
    "table_name": "Table whose rows failed",
    "reason": "As in ops.quarantine",
    "field": "Column that failed",
    "decision": "ignored: not shown as open any more, whatever comes; reopened: shown again",
    "why": "The person''s words",
    "decided_by": "Airflow user name, as the transaction says it; it cannot be given",
    "decided_at": "When"
}');
ALTER TABLE ops.quarantine_decisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.quarantine_decisions FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON ops.quarantine_decisions TO branchline_migrator USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY operator ON ops.quarantine_decisions FOR SELECT TO branchline_operator USING (TRUE);
-- what is ignored is no finding that anybody is told of
CREATE POLICY workers ON ops.quarantine_decisions FOR SELECT TO branchline_loader USING (TRUE);
CREATE POLICY people_read ON ops.quarantine_decisions FOR SELECT TO branchline_reader, branchline_api USING (
    (SELECT access.is_super_admin()) OR client_id = ANY((SELECT access.clients('{ADMIN,AUDITOR}', TRUE))::text[])
);
CREATE POLICY people_insert ON ops.quarantine_decisions FOR INSERT TO branchline_api WITH CHECK (
    (SELECT access.is_super_admin()) OR client_id = ANY((SELECT access.clients('{ADMIN}', TRUE))::text[])
);
GRANT SELECT ON ops.quarantine_decisions TO branchline_loader, branchline_reader, branchline_api, branchline_operator;
-- who and when are not among them
GRANT INSERT (client_id, source, account, stream, table_name, reason, field, decision, why)
ON ops.quarantine_decisions TO branchline_api;
SELECT access.watch('ops.quarantine_decisions');

CREATE VIEW ops.quarantine_ignored WITH (security_invoker = TRUE) AS
SELECT client_id, source, account, stream, table_name, reason, field, why, decided_by, decided_at
FROM (
    SELECT DISTINCT ON (client_id, source, account, stream, table_name, reason, field) *
    FROM ops.quarantine_decisions
    ORDER BY client_id, source, account, stream, table_name, reason, field, decision_id DESC
) AS newest
WHERE decision = 'ignored';
COMMENT ON VIEW ops.quarantine_ignored IS 'The groups of quarantine that somebody ignores now, who and why';
GRANT SELECT ON ops.quarantine_ignored TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

-- Payloads stay the operator's. Their shape is enough to see what is wrong with a date or an amount.
CREATE FUNCTION ops.masked_sample(which bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT jsonb_object_agg(
        fields.key,
        -- whatever is no ASCII blank, digit or sign is a letter, so that no locale lets one through
        left(regexp_replace(regexp_replace(fields.value, '[^ -@\[-`{-~]', 'x', 'g'), '[0-9]', '9', 'g'), 40)
    )
    FROM ops.quarantine
    CROSS JOIN LATERAL jsonb_each_text(quarantine.payload) AS fields
    WHERE quarantine.quarantine_id = which AND jsonb_typeof(quarantine.payload) = 'object'
        AND (
            (SELECT access.is_super_admin())
            OR quarantine.client_id = ANY((SELECT access.clients('{ADMIN,AUDITOR}', TRUE))::text[])
        );
END;
COMMENT ON FUNCTION ops.masked_sample(bigint) IS
'The fields of a rejected record, each letter as x and each digit as 9; null for whoever may not see the record';
GRANT EXECUTE ON FUNCTION ops.masked_sample(bigint) TO branchline_reader, branchline_api;
