-- What a branch, shop, group or office came to: views that the API, the business page and BI tools read alike. They ask
-- as whoever asks them, so that rows and money are his by the policies of the tables beneath. A figure's comment is its
-- definition and ends with its basis: which date it is counted on. Amounts are integer cents in the row's currency, the
-- place's own; no row adds two places up, so no currency meets another. Ratios are of sums, rounded half to even once,
-- and null where nothing can be divided by. A day on which nothing happened has no row.

CREATE SCHEMA metrics;
COMMENT ON SCHEMA metrics IS 'Figures by place and day, as views for the API, the business page and BI tools';
GRANT USAGE ON SCHEMA metrics TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

-- ------------------------------------------------------------------------------------------------------- SmartMoving

CREATE INDEX opportunities_service ON smartmoving.opportunities (service_date, location_id);
CREATE INDEX opportunities_created ON smartmoving.opportunities (created_at);
CREATE INDEX opportunity_jobs_service ON smartmoving.opportunity_jobs (service_date, location_id);
CREATE INDEX leads_created ON smartmoving.leads (created_at);

-- Status codes: 4, 10 and 11 are booked; 20 was booked and cancelled; 3 is quoted; 30 is lost; 50 is no lead at all
-- (section 6 of the vendor's contract notes). A code that nobody declared is none of them.
-- A function, so that a question of some days reads those days alone: behind time zones a filter finds no index.
CREATE FUNCTION metrics.branch_days(first_day date, last_day date, is_whole boolean DEFAULT TRUE)
RETURNS TABLE (
    client_id text, account text, location_id integer, location_name text, currency text, metric_date date,
    jobs bigint, moves bigint, moves_without_value bigint, booked_revenue_cents bigint, avg_move_value_cents bigint,
    cancellations bigint, cancelled_value_cents bigint, cancellation_percent numeric, jobs_last_year bigint,
    booked_revenue_last_year_cents bigint, leads bigint, bad_leads bigint, quotes_open bigint, lost bigint,
    bookings bigint, close_percent numeric
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH service AS NOT MATERIALIZED (
        SELECT
            client_id,
            account,
            location_id,
            service_date AS day,
            0::bigint AS jobs,
            count(*) FILTER (WHERE status IN (4, 10, 11)) AS moves,
            count(*) FILTER (WHERE status IN (4, 10, 11) AND final_total_cents - tax_cents IS NULL) AS without_value,
            sum(final_total_cents - tax_cents) FILTER (WHERE status IN (4, 10, 11)) AS revenue,
            count(*) FILTER (WHERE status = 20) AS cancellations,
            sum(final_total_cents - tax_cents) FILTER (WHERE status = 20) AS cancelled
        FROM smartmoving.opportunities
        WHERE NOT is_deleted AND status IN (4, 10, 11, 20) AND service_date IS NOT NULL
        GROUP BY client_id, account, location_id, service_date
        UNION ALL
        SELECT
            jobs.client_id,
            jobs.account,
            jobs.location_id,
            jobs.service_date,
            count(*),
            0,
            0,
            NULL,
            0,
            NULL
        FROM smartmoving.opportunity_jobs AS jobs
        INNER JOIN smartmoving.opportunities AS moves USING (client_id, account, opportunity_id)
        WHERE is_whole AND NOT jobs.is_deleted AND NOT moves.is_deleted AND moves.status IN (4, 10, 11)
        GROUP BY jobs.client_id, jobs.account, jobs.location_id, jobs.service_date
    ),

    -- A lead's id is its opportunity's. Where both are known, the opportunity says where and when, and the version that
    -- was read later says how it stands.
    inquiries AS (
        SELECT
            opportunities.client_id,
            opportunities.account,
            opportunities.location_id,
            opportunities.created_at,
            CASE
                WHEN leads.observed_at > opportunities.observed_at THEN coalesce(leads.status, opportunities.status)
                ELSE opportunities.status
            END AS status
        FROM smartmoving.opportunities
        LEFT JOIN smartmoving.leads
            ON opportunities.client_id = leads.client_id AND opportunities.account = leads.account
            AND opportunities.opportunity_id = leads.lead_id AND NOT leads.is_deleted
        WHERE NOT opportunities.is_deleted
        UNION ALL
        SELECT
            leads.client_id,
            leads.account,
            leads.location_id,
            leads.created_at,
            leads.status
        FROM smartmoving.leads
        WHERE NOT leads.is_deleted AND NOT EXISTS (
            SELECT FROM smartmoving.opportunities
            WHERE opportunities.client_id = leads.client_id AND opportunities.account = leads.account
                AND opportunities.opportunity_id = leads.lead_id AND NOT opportunities.is_deleted
        )
    ),

    told AS (
        SELECT
            service.client_id,
            service.account,
            service.location_id,
            service.day,
            service.jobs,
            service.moves,
            service.without_value,
            service.revenue,
            service.cancellations,
            service.cancelled,
            0::bigint AS jobs_before,
            NULL::numeric AS revenue_before,
            0::bigint AS leads,
            0::bigint AS bad_leads,
            0::bigint AS quotes_open,
            0::bigint AS lost,
            0::bigint AS bookings
        FROM service
        WHERE service.day BETWEEN first_day AND last_day
        UNION ALL
        -- a day's own figures once more, beside those of the same date a year later
        SELECT
            client_id,
            account,
            location_id,
            (day + interval '1 year')::date,
            0,
            0,
            0,
            NULL,
            0,
            NULL,
            jobs,
            revenue,
            0,
            0,
            0,
            0,
            0
        FROM service
        WHERE is_whole AND (jobs > 0 OR moves > 0) AND (day + interval '1 year')::date BETWEEN first_day AND last_day
            -- the same in words that an index understands
            AND day BETWEEN (first_day - interval '1 year')::date AND (last_day - interval '1 year')::date + 1
        UNION ALL
        SELECT
            inquiries.client_id,
            inquiries.account,
            inquiries.location_id,
            (inquiries.created_at AT TIME ZONE places.timezone)::date,
            0,
            0,
            0,
            NULL,
            0,
            NULL,
            0,
            NULL,
            count(*) FILTER (WHERE inquiries.status IS DISTINCT FROM 50),
            count(*) FILTER (WHERE inquiries.status = 50),
            count(*) FILTER (WHERE inquiries.status = 3),
            count(*) FILTER (WHERE inquiries.status = 30),
            count(*) FILTER (WHERE inquiries.status IN (4, 10, 11, 20))
        FROM inquiries
        INNER JOIN core.locations AS places
            ON inquiries.client_id = places.client_id AND inquiries.location_id = places.location_id
        WHERE places.timezone IS NOT NULL
            AND (inquiries.created_at AT TIME ZONE places.timezone)::date BETWEEN first_day AND last_day
            -- the same in words that an index understands: no zone is a whole day away
            AND inquiries.created_at >= (first_day - 1)::timestamp AT TIME ZONE 'UTC'
            AND inquiries.created_at < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
        GROUP BY
            inquiries.client_id, inquiries.account, inquiries.location_id,
            (inquiries.created_at AT TIME ZONE places.timezone)::date
    ),

    days AS (
        SELECT
            client_id,
            account,
            location_id,
            day,
            sum(jobs)::bigint AS jobs,
            sum(moves)::bigint AS moves,
            sum(without_value)::bigint AS without_value,
            coalesce(sum(revenue), 0)::bigint AS revenue,
            sum(cancellations)::bigint AS cancellations,
            coalesce(sum(cancelled), 0)::bigint AS cancelled,
            sum(jobs_before)::bigint AS jobs_before,
            sum(revenue_before)::bigint AS revenue_before,
            sum(leads)::bigint AS leads,
            sum(bad_leads)::bigint AS bad_leads,
            sum(quotes_open)::bigint AS quotes_open,
            sum(lost)::bigint AS lost,
            sum(bookings)::bigint AS bookings
        FROM told
        GROUP BY client_id, account, location_id, day
    )

    SELECT
        days.client_id,
        days.account,
        days.location_id,
        branches.name AS location_name,
        branches.currency,
        days.day AS metric_date,
        days.jobs,
        days.moves,
        days.without_value AS moves_without_value,
        days.revenue AS booked_revenue_cents,
        core.half_even(days.revenue::numeric / nullif(days.moves - days.without_value, 0))::bigint
        AS avg_move_value_cents,
        days.cancellations,
        days.cancelled AS cancelled_value_cents,
        core.half_even(100 * days.cancellations::numeric / nullif(days.moves + days.cancellations, 0), 2)
        AS cancellation_percent,
        days.jobs_before AS jobs_last_year,
        days.revenue_before AS booked_revenue_last_year_cents,
        days.leads,
        days.bad_leads,
        days.quotes_open,
        days.lost,
        days.bookings,
        core.half_even(100 * days.bookings::numeric / nullif(days.leads, 0), 2) AS close_percent
    FROM days
    INNER JOIN core.locations AS branches
        ON days.client_id = branches.client_id AND days.location_id = branches.location_id;
END;
COMMENT ON FUNCTION metrics.branch_days(date, date, boolean) IS
'metrics.branch_performance of these days, both included: the same figures, without reading other days; not whole, jobs and the year before are left out, which are half of the work';
GRANT EXECUTE ON FUNCTION metrics.branch_days(date, date, boolean)
TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

CREATE VIEW metrics.branch_performance WITH (security_invoker = TRUE) AS
SELECT days.* FROM metrics.branch_days('-infinity', 'infinity') AS days;
COMMENT ON VIEW metrics.branch_performance IS
'SmartMoving: a branch''s day. Not there, since the vendor sends neither: when a move was booked, and when a quote was sent';
CALL core.describe('metrics.branch_performance', '{
    "client_id": "Tenant",
    "account": "Account",
    "location_id": "Branch, a core.locations; the unmapped one where the vendor''s name matches none",
    "location_name": "Its name",
    "currency": "Currency of the row''s amounts, the branch''s own; null where its country is not known",
    "metric_date": "Day in the branch''s own calendar; of what has which date, each figure''s basis says. Days to come are there too",
    "jobs": "Jobs of booked moves, a move of two days has two. Basis: service date of the job",
    "moves": "Opportunities whose status is Booked, Completed or Closed. Basis: service date of the opportunity",
    "moves_without_value": "Those of them that the vendor has sent no estimated total for: in no amount. Basis: service date of the opportunity",
    "booked_revenue_cents": "Estimated totals without tax of those moves: final_total_cents - tax_cents. Estimates, not invoices. Basis: service date of the opportunity",
    "avg_move_value_cents": "booked_revenue_cents / (moves - moves_without_value), half-even to the cent. Basis: service date of the opportunity",
    "cancellations": "Opportunities whose status is Cancelled: they had been booked. Basis: service date of the opportunity, since the vendor does not say when it was cancelled",
    "cancelled_value_cents": "Their estimated totals without tax. Basis: service date of the opportunity",
    "cancellation_percent": "100 x cancellations / (moves + cancellations), half-even to 2 places. Basis: service date of the opportunity",
    "jobs_last_year": "jobs of the same date a year before; those of a 29 February stand with the 28th. Basis: service date of the job",
    "booked_revenue_last_year_cents": "booked_revenue_cents of the same date a year before; null where nothing is known of that date. Basis: service date of the opportunity",
    "leads": "Leads and opportunities that came in, each once; without bad leads. Basis: created date in the branch''s time zone, a branch without one has none",
    "bad_leads": "Those that somebody called bad: status BadLead. Basis: created date in the branch''s time zone",
    "quotes_open": "Those that came in then and now wait with a quote: status Opportunity. Basis: created date in the branch''s time zone",
    "lost": "Those that came in then and are lost: status Lost. Basis: created date in the branch''s time zone",
    "bookings": "Those that came in then and were booked since: status Booked, Completed, Closed, or Cancelled. Basis: created date in the branch''s time zone, since the vendor does not say when it was booked",
    "close_percent": "Close rate: 100 x bookings / leads, half-even to 2 places; of recent days it still grows. Basis: created date in the branch''s time zone"
}');

-- --------------------------------------------------------------------------------------------------------- Tekmetric

CREATE VIEW metrics.shop_performance WITH (security_invoker = TRUE) AS
SELECT
    days.client_id,
    days.account,
    days.tm_shop_id,
    days.location_id,
    shops.name AS location_name,
    shops.currency,
    days.metric_date,
    days.revenue_source,
    days.car_count,
    days.authorized_revenue AS revenue_cents,
    days.authorized_profit AS profit_cents,
    days.avg_ro_value AS aro_cents,
    days.authorized_gp_percent AS gp_percent,
    days.labor_hours AS hours_billed,
    days.total_gp_per_labor_hour AS gp_per_hour_cents,
    days.labor_revenue AS labor_revenue_cents,
    days.avg_labor_rate AS elr_cents,
    days.parts_gp_percent,
    days.labor_gp_percent,
    days.authorization_rate AS authorization_percent,
    clock.billed AS hours_billed_clocked,
    clock.clocked AS hours_clocked,
    core.half_even(100 * clock.billed / nullif(clock.clocked, 0), 2) AS efficiency_percent,
    days.ro_without_cost_count AS orders_without_cost,
    before.car_count AS car_count_last_year,
    before.authorized_revenue AS revenue_last_year_cents,
    days.updated_at AS computed_at
FROM tekmetric.daily_shop_metrics AS days
LEFT JOIN core.locations AS shops ON days.client_id = shops.client_id AND days.location_id = shops.location_id
LEFT JOIN tekmetric.daily_shop_metrics AS before
    ON days.client_id = before.client_id AND days.account = before.account AND days.tm_shop_id = before.tm_shop_id
    AND (days.metric_date - interval '1 year')::date = before.metric_date AND NOT before.is_deleted
LEFT JOIN LATERAL (
    SELECT sum(technicians.hours_billed_clocked) AS billed, sum(technicians.hours_clocked) AS clocked
    FROM tekmetric.tech_daily_metrics AS technicians
    WHERE technicians.client_id = days.client_id AND technicians.account = days.account
        AND technicians.tm_shop_id = days.tm_shop_id AND technicians.metric_date = days.metric_date
        AND NOT technicians.is_deleted
) AS clock ON TRUE
WHERE NOT days.is_deleted;
COMMENT ON VIEW metrics.shop_performance IS
'Tekmetric: a shop''s day, from tekmetric.daily_shop_metrics, with the efficiency of its technicians and the year before';
CALL core.describe('metrics.shop_performance', '{
    "client_id": "Tenant",
    "account": "Account",
    "tm_shop_id": "The vendor''s shop id",
    "location_id": "Shop, a core.locations",
    "location_name": "Its name",
    "currency": "Currency of the row''s amounts, the shop''s own; null where its country is not known",
    "metric_date": "Day in the shop''s own calendar",
    "revenue_source": "vendor or lines, see tekmetric.daily_shop_metrics: days of both are not one series",
    "car_count": "Repair orders posted. Basis: posted",
    "revenue_cents": "authorized_revenue: net of discounts, without taxes. Basis: posted",
    "profit_cents": "authorized_profit: revenue less cost; null where a cost is not known. Basis: posted",
    "aro_cents": "ARO: revenue_cents / car_count, half-even to the cent. Basis: posted",
    "gp_percent": "GP %: 100 x profit_cents / revenue_cents, half-even to 2 places; null where revenue is not above 0 or cost is not known. Basis: posted",
    "hours_billed": "Hours of authorized labor lines. Basis: posted",
    "gp_per_hour_cents": "profit_cents / hours_billed, cents an hour, half-even: of parts and fees too. Basis: posted",
    "labor_revenue_cents": "Labor by lines, before discounts. Basis: posted",
    "elr_cents": "Effective labor rate: labor_revenue_cents / hours_billed, cents an hour, half-even. Basis: posted",
    "parts_gp_percent": "Profit of parts by lines in percent of their revenue. Basis: posted",
    "labor_gp_percent": "Profit of labor by lines in percent of its revenue. Basis: posted",
    "authorization_percent": "What was authorized in percent of what was offered, by lines. Basis: posted",
    "hours_billed_clocked": "Hours billed of jobs that one technician did alone and clocked. Basis: posted",
    "hours_clocked": "Hours on the clock of those same jobs; null without one. Basis: posted",
    "efficiency_percent": "100 x hours_billed_clocked / hours_clocked, half-even to 2 places; null without clocked hours. Basis: posted",
    "orders_without_cost": "Posted orders whose cost by lines is not known. Basis: posted",
    "car_count_last_year": "car_count of the same date a year before (of 29 February, the 28th); null without a row of that date. Basis: posted",
    "revenue_last_year_cents": "revenue_cents of that date. Basis: posted",
    "computed_at": "When the day was made last"
}');

CREATE VIEW metrics.technician_performance WITH (security_invoker = TRUE) AS
SELECT
    days.client_id,
    days.account,
    days.tm_shop_id,
    days.location_id,
    shops.name AS location_name,
    shops.currency,
    days.tm_technician_id,
    nullif(concat_ws(' ', people.first_name, people.last_name), '') AS technician_name,
    days.metric_date,
    days.hours_billed,
    days.labor_revenue AS labor_revenue_cents,
    days.labor_profit AS labor_profit_cents,
    days.labor_gp_percent,
    days.hourly_rate AS elr_cents,
    days.gp_per_hour AS gp_per_hour_cents,
    days.jobs_worked,
    days.ros_worked AS orders_worked,
    days.hours_billed_clocked,
    days.hours_clocked,
    days.efficiency AS efficiency_percent,
    days.updated_at AS computed_at
FROM tekmetric.tech_daily_metrics AS days
LEFT JOIN core.locations AS shops ON days.client_id = shops.client_id AND days.location_id = shops.location_id
LEFT JOIN tekmetric.employees AS people
    ON days.client_id = people.client_id AND days.account = people.account AND days.tm_shop_id = people.tm_shop_id
    AND days.tm_technician_id = people.tm_id
WHERE NOT days.is_deleted;
COMMENT ON VIEW metrics.technician_performance IS
'Tekmetric: a technician''s day, from tekmetric.tech_daily_metrics, by name; labor where nobody is named is in no row';
CALL core.describe('metrics.technician_performance', '{
    "client_id": "Tenant",
    "account": "Account",
    "tm_shop_id": "The vendor''s shop id",
    "location_id": "Shop, a core.locations",
    "location_name": "Its name",
    "currency": "Currency of the row''s amounts, the shop''s own; null where its country is not known",
    "tm_technician_id": "The vendor''s id of the technician",
    "technician_name": "First and last name; null where the shop''s list does not have him",
    "metric_date": "Posted day of the orders in the shop''s own calendar: not the day of the work",
    "hours_billed": "Hours of authorized labor lines. Basis: posted",
    "labor_revenue_cents": "Labor lines'' totals, before discounts. Basis: posted",
    "labor_profit_cents": "labor_revenue_cents less hours at the technician''s pay; null where a pay is not known. Basis: posted",
    "labor_gp_percent": "100 x labor_profit_cents / labor_revenue_cents, half-even to 2 places. Basis: posted",
    "elr_cents": "labor_revenue_cents / hours_billed, cents an hour, half-even. Basis: posted",
    "gp_per_hour_cents": "labor_profit_cents / hours_billed, cents an hour, half-even: of labor alone. Basis: posted",
    "jobs_worked": "Authorized jobs with a labor line of the technician. Basis: posted",
    "orders_worked": "Repair orders with such a job. Basis: posted",
    "hours_billed_clocked": "Hours billed of jobs that the technician did alone and clocked. Basis: posted",
    "hours_clocked": "Hours on the clock of those same jobs; null without one. Basis: posted",
    "efficiency_percent": "100 x hours_billed_clocked / hours_clocked, half-even to 2 places. Basis: posted",
    "computed_at": "When the day was made last"
}');

-- Codes: 1 estimate, 2 work in progress, 3 complete, 4 saved for later; 5 and 6 are posted, 7 is deleted, and one that
-- nobody declared is no open order.
CREATE VIEW metrics.work_in_progress WITH (security_invoker = TRUE) AS
WITH boards AS (
    SELECT
        client_id,
        account,
        tm_shop_id,
        location_id,
        status_id,
        count(*) AS orders,
        sum(authorized_total)::bigint AS authorized_cents,
        sum(potential_total)::bigint AS potential_cents,
        coalesce(sum(authorized_labor_hours), 0) AS authorized_hours,
        count(*) FILTER (WHERE authorized_job_count > 0) AS orders_authorized,
        min(created_date) AS oldest_at,
        max(observed_at) AS changed_at
    FROM tekmetric.repair_orders
    WHERE NOT is_deleted AND status_id IN (1, 2, 3, 4)
    GROUP BY client_id, account, tm_shop_id, location_id, status_id
),

reads AS (
    SELECT client_id, account, location_id, read_at
    FROM ops.freshness
    WHERE source = 'tekmetric' AND stream = 'repair_orders'
)

SELECT
    boards.client_id,
    boards.account,
    boards.tm_shop_id,
    boards.location_id,
    shops.name AS location_name,
    shops.currency,
    boards.status_id,
    codes.label AS status,
    boards.orders,
    boards.orders_authorized,
    boards.authorized_cents,
    boards.potential_cents,
    boards.authorized_hours,
    boards.oldest_at,
    boards.changed_at,
    reads.read_at AS as_of
FROM boards
LEFT JOIN core.locations AS shops ON boards.client_id = shops.client_id AND boards.location_id = shops.location_id
LEFT JOIN core.codes
    ON codes.source = 'tekmetric' AND codes.vocabulary = 'repairOrderStatus' AND boards.status_id::text = codes.code
LEFT JOIN reads
    ON boards.client_id = reads.client_id AND boards.account = reads.account
    AND (reads.location_id IS NULL OR boards.location_id = reads.location_id);
COMMENT ON VIEW metrics.work_in_progress IS
'Tekmetric: the open orders of a shop by status, as the warehouse has them now';
CALL core.describe('metrics.work_in_progress', '{
    "client_id": "Tenant",
    "account": "Account",
    "tm_shop_id": "The vendor''s shop id",
    "location_id": "Shop, a core.locations",
    "location_name": "Its name",
    "currency": "Currency of the row''s amounts, the shop''s own; null where its country is not known",
    "status_id": "1 estimate, 2 work in progress, 3 complete and not posted, 4 saved for later",
    "status": "The vendor''s word for it",
    "orders": "Open orders. Basis: job board, now",
    "orders_authorized": "Those of them with an authorized job. Basis: job board, now",
    "authorized_cents": "Authorized work by lines, net of discounts, without taxes: authorized_total. Basis: job board, now",
    "potential_cents": "All work by lines, whatever was answered: potential_total. Basis: job board, now",
    "authorized_hours": "Hours of authorized labor lines. Basis: job board, now",
    "oldest_at": "When the oldest of them was written down",
    "changed_at": "When the newest change of one of them was read",
    "as_of": "When the shop''s orders were read last, from ops.freshness: what changed since is not in it; null where no read is known"
}');

-- ------------------------------------------------------------------------------------------------------------ Arrivy

-- The vendor sends no shifts: what a crew could have worked is not known, only who is on it. Of every task in question
-- the first STARTED is asked for.
CREATE INDEX task_statuses_started ON arrivy.task_statuses (client_id, account, task_id, reported_at)
WHERE type = 'STARTED' AND NOT is_deleted;

CREATE FUNCTION metrics.group_days(first_day date, last_day date)
RETURNS TABLE (
    client_id text, account text, location_id integer, location_name text, metric_date date, tasks bigint,
    completed bigint, cancelled bigint, exceptions bigint, started bigint, on_time bigint, on_time_percent numeric,
    scheduled_hours numeric, members_sent bigint, crew_members bigint, crew_members_sent bigint,
    crew_utilisation_percent numeric
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH crews AS (
        SELECT
            entities.client_id,
            entities.account,
            entities.location_id,
            entities.entity_id,
            (entities.created AT TIME ZONE places.timezone)::date AS from_day,
            CASE WHEN entities.is_deleted THEN (entities.deleted_at AT TIME ZONE places.timezone)::date END AS until_day
        FROM arrivy.entities
        INNER JOIN core.locations AS places
            ON entities.client_id = places.client_id AND entities.location_id = places.location_id
        WHERE places.timezone IS NOT NULL AND entities.is_disabled IS NOT TRUE AND entities.is_active IS NOT FALSE
            AND coalesce(entities.permission, entities.user_type, '') NOT IN ('ADMIN', 'SCHEDULER')
    ),

    works AS (
        SELECT
            tasks.client_id,
            tasks.account,
            tasks.location_id,
            tasks.business_date,
            tasks.task_id,
            tasks.status,
            coalesce(tasks.status <> 'CANCELLED', TRUE) AS is_on,
            tasks.start_datetime,
            tasks.end_datetime,
            begun.started_at
        FROM arrivy.tasks
        CROSS JOIN LATERAL (
            SELECT min(entries.reported_at) AS started_at
            FROM arrivy.task_statuses AS entries
            WHERE entries.client_id = tasks.client_id AND entries.account = tasks.account
                AND entries.task_id = tasks.task_id AND entries.type = 'STARTED' AND NOT entries.is_deleted
        ) AS begun
        WHERE NOT tasks.is_deleted AND tasks.business_date BETWEEN first_day AND last_day
            AND tasks.start_datetime IS NOT NULL
            AND tasks.location_id IS NOT NULL
    ),

    days AS (
        SELECT
            client_id,
            account,
            location_id,
            business_date,
            count(*) AS tasks,
            count(*) FILTER (WHERE status = 'COMPLETE') AS completed,
            count(*) FILTER (WHERE NOT is_on) AS cancelled,
            count(*) FILTER (WHERE status IN ('EXCEPTION', 'CUSTOMER_EXCEPTION', 'NOSHOW')) AS exceptions,
            count(started_at) FILTER (WHERE is_on) AS started,
            count(*) FILTER (WHERE is_on AND started_at <= start_datetime + interval '15 minutes') AS on_time,
            round(
                sum(extract(EPOCH FROM end_datetime - start_datetime) / 3600)
                    FILTER (WHERE is_on AND end_datetime > start_datetime),
                2
            ) AS hours
        FROM works
        GROUP BY client_id, account, location_id, business_date
    ),

    -- each person once a day; told apart before they are counted, which is a third of the work of counting them apart
    sent AS (
        SELECT
            people.client_id,
            people.account,
            people.location_id,
            people.business_date,
            count(*) AS members,
            count(crews.entity_id) AS own_members
        FROM (
            SELECT DISTINCT
                tasks.client_id,
                tasks.account,
                tasks.location_id,
                tasks.business_date,
                given.entity_id
            FROM arrivy.tasks
            INNER JOIN arrivy.task_entities AS given USING (client_id, account, task_id)
            WHERE NOT tasks.is_deleted AND NOT given.is_deleted AND tasks.business_date BETWEEN first_day AND last_day
                AND tasks.start_datetime IS NOT NULL
                AND tasks.location_id IS NOT NULL AND tasks.status IS DISTINCT FROM 'CANCELLED'
        ) AS people
        LEFT JOIN crews
            ON people.client_id = crews.client_id AND people.account = crews.account
            AND people.location_id = crews.location_id AND people.entity_id = crews.entity_id
            AND coalesce(crews.from_day <= people.business_date, TRUE)
            AND coalesce(crews.until_day > people.business_date, TRUE)
        GROUP BY people.client_id, people.account, people.location_id, people.business_date
    ),

    -- put together by adding: a join of the two would be guessed as one row, and done as one row at a time
    both_told AS (
        SELECT
            days.*,
            0::bigint AS members_sent,
            0::bigint AS own_sent
        FROM days
        UNION ALL
        SELECT
            client_id,
            account,
            location_id,
            business_date,
            0,
            0,
            0,
            0,
            0,
            0,
            NULL,
            members,
            own_members
        FROM sent
    ),

    summed AS (
        SELECT
            client_id,
            account,
            location_id,
            business_date,
            sum(tasks)::bigint AS tasks,
            sum(completed)::bigint AS completed,
            sum(cancelled)::bigint AS cancelled,
            sum(exceptions)::bigint AS exceptions,
            sum(started)::bigint AS started,
            sum(on_time)::bigint AS on_time,
            coalesce(sum(hours), 0) AS hours,
            sum(members_sent)::bigint AS members_sent,
            sum(own_sent)::bigint AS own_sent
        FROM both_told
        GROUP BY client_id, account, location_id, business_date
    ),

    manned AS (
        SELECT
            summed.client_id,
            summed.account,
            summed.location_id,
            summed.business_date,
            summed.tasks,
            summed.completed,
            summed.cancelled,
            summed.exceptions,
            summed.started,
            summed.on_time,
            summed.hours,
            summed.members_sent,
            summed.own_sent,
            nullif(count(crews.entity_id), 0) AS members
        FROM summed
        LEFT JOIN crews
            ON summed.client_id = crews.client_id AND summed.account = crews.account
            AND summed.location_id = crews.location_id
            AND coalesce(crews.from_day <= summed.business_date, TRUE)
            AND coalesce(crews.until_day > summed.business_date, TRUE)
        GROUP BY
            summed.client_id, summed.account, summed.location_id, summed.business_date, summed.tasks,
            summed.completed, summed.cancelled, summed.exceptions, summed.started, summed.on_time, summed.hours,
            summed.members_sent, summed.own_sent
    )

    SELECT
        manned.client_id,
        manned.account,
        manned.location_id,
        groups.name AS location_name,
        manned.business_date AS metric_date,
        manned.tasks,
        manned.completed,
        manned.cancelled,
        manned.exceptions,
        manned.started,
        manned.on_time,
        core.half_even(100 * manned.on_time::numeric / nullif(manned.started, 0), 2) AS on_time_percent,
        manned.hours AS scheduled_hours,
        manned.members_sent,
        manned.members AS crew_members,
        manned.own_sent AS crew_members_sent,
        core.half_even(100 * manned.own_sent::numeric / manned.members, 2) AS crew_utilisation_percent
    FROM manned
    INNER JOIN core.locations AS groups
        ON manned.client_id = groups.client_id AND manned.location_id = groups.location_id;
END;
COMMENT ON FUNCTION metrics.group_days(date, date) IS
'metrics.group_performance of these days, both included: the same figures, without reading the others';
GRANT EXECUTE ON FUNCTION metrics.group_days(date, date)
TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

CREATE VIEW metrics.group_performance WITH (security_invoker = TRUE) AS
SELECT days.* FROM metrics.group_days('-infinity', 'infinity') AS days;
COMMENT ON VIEW metrics.group_performance IS
'Arrivy: a group''s day by its scheduled tasks. Not there, since the vendor sends no shifts: how many hours a crew could have worked';
CALL core.describe('metrics.group_performance', '{
    "client_id": "Tenant",
    "account": "Account",
    "location_id": "Group, a core.locations",
    "location_name": "Its name",
    "metric_date": "Day of the place: arrivy.tasks.business_date",
    "tasks": "Tasks with a scheduled begin, cancelled ones too. Basis: scheduled day",
    "completed": "Those of them whose newest status is COMPLETE. Basis: scheduled day",
    "cancelled": "Those whose newest status is CANCELLED. Basis: scheduled day",
    "exceptions": "Those whose newest status is EXCEPTION, CUSTOMER_EXCEPTION or NOSHOW. Basis: scheduled day",
    "started": "Those not cancelled whose history has a STARTED: of the others nobody knows whether they were on time. Basis: scheduled day",
    "on_time": "Those of started whose first STARTED is not later than 15 minutes after the scheduled begin; earlier is on time. Basis: scheduled day",
    "on_time_percent": "100 x on_time / started, half-even to 2 places. Basis: scheduled day",
    "scheduled_hours": "Hours from scheduled begin to end of the tasks not cancelled, whatever the crew''s size, to 2 places. Basis: scheduled day",
    "members_sent": "Crew members sent to a task that was not cancelled, each once, those lent by other groups too. Basis: scheduled day",
    "crew_members": "Members of the group on that day: made by then, not gone by then, not switched off now, not ADMIN or SCHEDULER; null where there is none or the group has no time zone. Basis: scheduled day",
    "crew_members_sent": "Those of crew_members who were sent to a task of the group that was not cancelled. Basis: scheduled day",
    "crew_utilisation_percent": "100 x crew_members_sent / crew_members, half-even to 2 places: people, not hours. Basis: scheduled day"
}');

-- --------------------------------------------------------------------------------------------------------------- FMS

CREATE VIEW metrics.fleet WITH (security_invoker = TRUE) AS
WITH offices AS (
    SELECT
        client_id,
        account,
        location_id,
        name,
        (now() AT TIME ZONE timezone)::date AS today
    FROM core.locations
    WHERE source = 'fms' AND is_mapped
),

vehicles AS (
    SELECT
        offices.client_id,
        offices.location_id,
        count(*) AS active,
        count(*) FILTER (WHERE busy.is_lent) AS lent,
        count(*) FILTER (WHERE busy.is_busy AND NOT busy.is_lent) AS busy
    FROM offices
    INNER JOIN fms.vehicles AS cars
        ON offices.client_id = cars.client_id AND offices.location_id = cars.location_id AND NOT cars.is_deleted
    LEFT JOIN LATERAL (
        SELECT
            count(*) > 0 AS is_busy,
            coalesce(bool_or(activity.activity_type IN ('Loan', 'Media Loan')), FALSE) AS is_lent
        FROM fms.current_activity AS activity
        WHERE activity.client_id = cars.client_id AND activity.account = cars.account
            AND activity.vehicle_vin = cars.vin AND NOT activity.is_deleted
            AND offices.today BETWEEN activity.start_date AND activity.end_date
    ) AS busy ON TRUE
    GROUP BY offices.client_id, offices.location_id
),

partners AS (
    SELECT
        client_id,
        location_id,
        count(*) AS partners,
        count(address) AS addressed,
        count(*) FILTER (WHERE address IS NOT NULL AND latitude IS NOT NULL) AS placed,
        count(preferred_day_of_week) AS preferring,
        core.half_even(avg(preferred_day_confidence), 1) AS confidence
    FROM fms.media_partners
    WHERE NOT is_deleted
    GROUP BY client_id, location_id
),

loans AS (
    SELECT
        offices.client_id,
        offices.location_id,
        count(*) AS loans
    FROM offices
    INNER JOIN fms.loan_history AS past
        ON offices.client_id = past.client_id AND offices.location_id = past.location_id
        AND past.start_date BETWEEN offices.today - 29 AND offices.today AND NOT past.is_deleted
    GROUP BY offices.client_id, offices.location_id
)

SELECT
    offices.client_id,
    offices.account,
    offices.location_id,
    offices.name AS location_name,
    offices.today AS metric_date,
    coalesce(vehicles.active, 0) AS vehicles_active,
    CASE WHEN offices.today IS NOT NULL THEN coalesce(vehicles.lent, 0) END AS vehicles_on_loan,
    CASE WHEN offices.today IS NOT NULL THEN coalesce(vehicles.busy, 0) END AS vehicles_otherwise_busy,
    CASE WHEN offices.today IS NOT NULL THEN core.half_even(100 * vehicles.lent::numeric / vehicles.active, 2) END
    AS on_loan_percent,
    CASE WHEN offices.today IS NOT NULL THEN coalesce(loans.loans, 0) END AS loans_30_days,
    coalesce(partners.partners, 0) AS partners,
    coalesce(partners.addressed, 0) AS partners_with_address,
    coalesce(partners.placed, 0) AS partners_geocoded,
    core.half_even(100 * partners.placed::numeric / nullif(partners.addressed, 0), 2) AS geocoded_percent,
    coalesce(partners.preferring, 0) AS partners_with_preferred_day,
    partners.confidence AS preferred_day_confidence
FROM offices
LEFT JOIN vehicles USING (client_id, location_id)
LEFT JOIN partners USING (client_id, location_id)
LEFT JOIN loans USING (client_id, location_id);
COMMENT ON VIEW metrics.fleet IS 'FMS: an office''s fleet and partners today, by the office''s own calendar';
CALL core.describe('metrics.fleet', '{
    "client_id": "Tenant",
    "account": "Account",
    "location_id": "Office, a core.locations",
    "location_name": "Its name",
    "metric_date": "Today in the office''s own calendar; null where it has no time zone, and then nothing is out or begun",
    "vehicles_active": "Vehicles that the report of active ones has. Basis: today",
    "vehicles_on_loan": "Those of them with an activity Loan or Media Loan that covers today, both ends included. Basis: today",
    "vehicles_otherwise_busy": "Those not on loan that another activity covers today. Basis: today",
    "on_loan_percent": "100 x vehicles_on_loan / vehicles_active, half-even to 2 places. Basis: today",
    "loans_30_days": "Loans of the loan history that began today or in the 29 days before. Basis: today",
    "partners": "Media partners that the office serves. Basis: today",
    "partners_with_address": "Those of them with an address. Basis: today",
    "partners_geocoded": "Those whose address has a place now: coordinates leave when the provider''s terms end. Basis: today",
    "geocoded_percent": "100 x partners_geocoded / partners_with_address, half-even to 2 places. Basis: today",
    "partners_with_preferred_day": "Those with a preferred weekday. Basis: today",
    "preferred_day_confidence": "Mean of their preferred_day_confidence in percent, half-even to one place. Basis: today"
}');

CREATE VIEW metrics.loans_by_partner WITH (security_invoker = TRUE) AS
SELECT
    loans.client_id,
    loans.account,
    loans.location_id,
    offices.name AS location_name,
    loans.person_id,
    partners.name AS partner_name,
    loans.make,
    approved.rank AS tier,
    count(*) AS loans,
    CASE
        WHEN days.today IS NOT NULL
            THEN count(*) FILTER (
                WHERE loans.start_date > (days.today - interval '12 months')::date AND loans.start_date <= days.today
            )
    END AS loans_12_months,
    count(*) FILTER (WHERE loans.is_published) AS loans_published,
    count(loans.is_published) AS loans_with_news,
    max(loans.start_date) AS last_start_date
FROM fms.loan_history AS loans
LEFT JOIN core.locations AS offices ON loans.client_id = offices.client_id AND loans.location_id = offices.location_id
CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE offices.timezone)::date AS today) AS days
LEFT JOIN fms.approved_makes AS approved
    ON loans.client_id = approved.client_id AND loans.account = approved.account
    AND loans.person_id = approved.person_id AND loans.make = approved.make AND NOT approved.is_deleted
-- a partner of the office, not of another: he may go by another name there
LEFT JOIN LATERAL (
    SELECT own.name FROM fms.media_partners AS own
    WHERE own.client_id = loans.client_id AND own.account = loans.account AND own.person_id = loans.person_id
        AND own.location_id = loans.location_id AND NOT own.is_deleted
    ORDER BY own.office
    LIMIT 1
) AS partners ON TRUE
WHERE NOT loans.is_deleted
GROUP BY
    loans.client_id, loans.account, loans.location_id, offices.name, loans.person_id, partners.name, loans.make,
    approved.rank, days.today;
COMMENT ON VIEW metrics.loans_by_partner IS 'FMS: the loans that an office gave a partner, by make, with the tier he has for it now';
CALL core.describe('metrics.loans_by_partner', '{
    "client_id": "Tenant",
    "account": "Account",
    "location_id": "Office of the loans, a core.locations; null where the report names none",
    "location_name": "Its name",
    "person_id": "Partner",
    "partner_name": "His name as that office''s list has it; null where it does not have him",
    "make": "Make; null where the report names none",
    "tier": "Rank that he has for the make now: A+, A, B, C or Pending; null where the make is not approved for him",
    "loans": "Loans. Basis: loan history",
    "loans_12_months": "Those that began in the twelve months until today by the office''s calendar; null where it has no time zone. Basis: loan history",
    "loans_published": "Those that clips came of. Basis: loan history",
    "loans_with_news": "Those of which it is known whether clips came. Basis: loan history",
    "last_start_date": "When the newest of them began"
}');

GRANT SELECT ON
metrics.branch_performance, metrics.shop_performance, metrics.technician_performance, metrics.work_in_progress,
metrics.group_performance, metrics.fleet, metrics.loans_by_partner
TO branchline_loader, branchline_reader, branchline_api, branchline_operator;
