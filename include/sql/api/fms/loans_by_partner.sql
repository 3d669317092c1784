-- The key may not be null: a loan of no office has place 0, one of no make has an empty make.
SELECT
    client_id, account, coalesce(location_id, 0) AS place, location_id, location_name, person_id, partner_name,
    coalesce(make, '') AS make, tier, loans, loans_12_months, loans_published, loans_with_news, last_start_date
FROM metrics.loans_by_partner
