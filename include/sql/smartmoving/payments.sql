-- smartmoving.payments: one row a payment of a detail; no id is sent there, its place in the list is its key.
SELECT
    landed.record_id,
    body ->> 'id' AS opportunity_id,
    payment.ordinal::text AS ordinal,
    root.location_id,
    payment.value ->> 'source' AS payment_source,
    payment.value ->> 'paymentType' AS payment_type,
    core.as_cents(payment.value ->> 'amount') AS amount_cents,
    core.as_cents(payment.value ->> 'amountRefunded') AS refunded_cents,
    payment.value ->> 'takenByUser' AS taken_by,
    payment.value ->> 'isOutstanding' AS is_outstanding,
    core.as_instant(payment.value ->> 'paidAtUtc') AS paid_at,
    payment.value ->> 'refundsJobPaymentId' AS refunds_payment_id,
    payment.value ->> 'paymentCategory' AS payment_category
FROM landed
INNER JOIN staged_opportunities AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'payments')) WITH ORDINALITY AS payment (value, ordinal)
