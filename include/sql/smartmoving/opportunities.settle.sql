-- What the details just merged settle about the sweep's rows. An opportunity that the vendor does not have, and a job
-- that an opportunity asked for as missing no longer has, are tombstones there too. Where a detail changed to another
-- status or date than the sweep's version has, that version is outdated: without its hash whatever the sweep shows
-- next is a change, even a return to what it showed before.
WITH answers AS (
    SELECT
        landed.client_id,
        landed.account,
        landed.asked AS opportunity_id,
        landed.fetched_at,
        coalesce(landed.flaw = 'not_found', FALSE) AND NOT EXISTS (
            SELECT FROM landed AS later
            WHERE later.asked = landed.asked AND later.flaw IS DISTINCT FROM 'not_found'
                AND later.fetched_at > landed.fetched_at
        ) AS is_gone,
        coalesce(verdicts.is_newest, FALSE) AS is_newest,
        lookup.reason = 'missing' AS was_missing
    FROM landed
    LEFT JOIN verdicts USING (record_id)
    INNER JOIN ops.lookups AS lookup
        ON lookup.source = landed.source AND lookup.stream = landed.stream AND lookup.account = landed.account
        AND lookup.record_key = landed.asked
    WHERE landed.is_own
),

gone AS (
    UPDATE smartmoving.swept_opportunities AS target SET
        is_deleted = TRUE, deleted_at = now(), synced_at = now(), observed_at = answers.fetched_at,
        sync_id = %(sync_id)s
    FROM answers
    WHERE answers.is_gone
        AND target.client_id = answers.client_id AND target.account = answers.account
        AND target.opportunity_id = answers.opportunity_id
        AND NOT target.is_deleted AND target.observed_at <= answers.fetched_at
),

gone_jobs AS (
    UPDATE smartmoving.swept_jobs AS target SET
        is_deleted = TRUE, deleted_at = now(), synced_at = now(), observed_at = answers.fetched_at,
        sync_id = %(sync_id)s
    FROM answers
    WHERE target.client_id = answers.client_id AND target.account = answers.account
        AND target.opportunity_id = answers.opportunity_id
        AND NOT target.is_deleted AND target.observed_at <= answers.fetched_at
        AND (
            answers.is_gone
            OR (
                answers.was_missing AND answers.is_newest
                AND NOT EXISTS (
                    SELECT FROM smartmoving.opportunity_jobs AS kept
                    WHERE kept.client_id = target.client_id AND kept.account = target.account
                        AND kept.job_id = target.job_id AND NOT kept.is_deleted
                )
            )
        )
),

outdated AS (
    UPDATE smartmoving.swept_opportunities AS target SET row_hash = '00000000-0000-0000-0000-000000000000'
    FROM answers
    INNER JOIN smartmoving.opportunities AS detail USING (client_id, account, opportunity_id)
    WHERE answers.is_newest AND detail.synced_at = now() AND detail.status <> target.status
        AND target.client_id = answers.client_id AND target.account = answers.account
        AND target.opportunity_id = answers.opportunity_id
        AND target.observed_at <= answers.fetched_at AND NOT target.is_deleted
)

UPDATE smartmoving.swept_jobs AS target SET row_hash = '00000000-0000-0000-0000-000000000000'
FROM answers
INNER JOIN smartmoving.opportunity_jobs AS detail USING (client_id, account, opportunity_id)
WHERE answers.is_newest AND detail.synced_at = now() AND detail.service_date <> target.service_date
    AND target.client_id = answers.client_id AND target.account = answers.account AND target.job_id = detail.job_id
    AND target.observed_at <= answers.fetched_at AND NOT target.is_deleted
