-- The vendor's ids of a referral source and a move size, by id or by exact text. A text that no row has would make the
-- vendor create one.
SELECT
    (
        SELECT min(move_size_id) FROM smartmoving.move_sizes
        WHERE client_id = %(client)s AND account = %(account)s AND NOT is_deleted
            AND (move_size_id = lower(%(moveSizeId)s) OR trim(BOTH FROM name) = %(moveSize)s)
    ) AS "moveSizeId",
    (
        SELECT min(referral_source_id) FROM smartmoving.referral_sources
        WHERE client_id = %(client)s AND account = %(account)s AND NOT is_deleted
            AND (referral_source_id = lower(%(referralSourceId)s) OR trim(BOTH FROM name) = %(referralSource)s)
    ) AS "referralSourceId"
