-- Tekmetric's snapshots and daily metrics, and where the results of checks are kept. A metric's comment is its
-- definition: formula, basis, rounding. Amounts are cents, integer as everywhere; ratios are sums over sums, rounded
-- half to even once, and null where nothing can be divided by.

-- ------------------------------------------------------------------------------------------------- results of checks

CREATE TABLE ops.check_results (
    check_result_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    account text NOT NULL,
    client_id text NOT NULL,
    location_id integer,
    check_name text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    checked bigint NOT NULL,
    failed bigint NOT NULL CHECK (failed BETWEEN 0 AND checked),
    worst numeric,
    examples jsonb NOT NULL DEFAULT '[]',
    dag_id text,
    run_id text,
    checked_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX check_results_newest ON ops.check_results (source, check_name, checked_at DESC);
CALL core.describe('ops.check_results', '{
    "": "What each run found of the rules that the data should keep: a row a run, check and location, good ones too",
    "check_result_id": "Our number of it",
    "source": "Vendor slug",
    "account": "Account",
    "client_id": "Tenant",
    "location_id": "Location; null where the records have none",
    "check_name": "The rule, as include/sql/metrics/checks.sql names it",
    "severity": "info: worth knowing; warning: look at the records; error: figures are wrong or missing until it is mended",
    "checked": "Records that the run looked at: those that changed",
    "failed": "How many of them break the rule",
    "worst": "The largest difference, in the rule''s own unit: cents, or points of GP %",
    "examples": "Up to ten records that break it, the worst first: key, expected, actual",
    "dag_id": "Airflow DAG; null for a run by hand",
    "run_id": "Airflow DAG run",
    "checked_at": "When the run began"
}');
SELECT access.protect('ops.check_results');

-- --------------------------------------------------------------------------------------------------------- snapshots

CREATE TABLE tekmetric.ro_snapshots (
    id uuid GENERATED ALWAYS AS (
        tekmetric.uid(
            client_id, account, 'ro_snapshots', tm_shop_id,
            tm_repair_order_id::text || '/' || snapshot_trigger || '/' || (snapshot_date - date '1970-01-01')::text
        )
    ) STORED UNIQUE,
    repair_order_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'repair_orders', tm_shop_id, tm_repair_order_id::text))
    STORED,
    tm_repair_order_id bigint NOT NULL,
    snapshot_date date NOT NULL,
    snapshot_trigger text NOT NULL CHECK (snapshot_trigger IN ('posted', 'completed', 'manual')),
    ro_status text NOT NULL,
    ro_number bigint NOT NULL,
    customer_name text,
    vehicle_description text,
    advisor_name text,
    authorized_revenue bigint NOT NULL,
    authorized_cost bigint,
    authorized_profit bigint,
    authorized_gp_percent numeric,
    authorized_job_count integer NOT NULL,
    parts_revenue bigint NOT NULL,
    parts_cost bigint,
    parts_profit bigint,
    labor_revenue bigint NOT NULL,
    labor_cost bigint,
    labor_profit bigint,
    labor_hours numeric NOT NULL,
    sublet_revenue bigint NOT NULL,
    sublet_cost bigint,
    fees_total bigint NOT NULL,
    discount_total bigint NOT NULL,
    tax_total bigint NOT NULL,
    potential_revenue bigint NOT NULL,
    potential_job_count integer NOT NULL,
    labor_technicians jsonb NOT NULL,
    rate_sources jsonb NOT NULL,
    tm_reported_revenue bigint,
    tm_reported_cost bigint,
    tm_reported_profit bigint,
    tm_reported_gp_percent numeric,
    variance_percent numeric,
    variance_reason text,
    flags text[] NOT NULL,
    calculation_method text NOT NULL DEFAULT 'TRUE_GP' CHECK (calculation_method IN ('TRUE_GP')),
    superseded_at timestamptz GENERATED ALWAYS AS (deleted_at) STORED,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_repair_order_id, snapshot_trigger, snapshot_date),
    FOREIGN KEY (client_id, account, tm_shop_id, tm_repair_order_id)
    REFERENCES tekmetric.repair_orders (client_id, account, tm_shop_id, tm_id) ON DELETE CASCADE,
    CONSTRAINT revenue_is_its_parts CHECK (
        authorized_revenue = parts_revenue + labor_revenue + sublet_revenue + fees_total - discount_total
    ),
    CONSTRAINT a_variance_has_a_reason CHECK (
        (variance_reason IS NOT NULL) = (coalesce(abs(variance_percent), 0) > 0.5)
    )
);
-- An order is counted on one day only: this index says so, whatever wrote the rows.
CREATE UNIQUE INDEX ro_snapshots_counted_once ON tekmetric.ro_snapshots
(client_id, account, tm_shop_id, tm_repair_order_id) WHERE NOT is_deleted AND snapshot_trigger <> 'manual';
CREATE INDEX ro_snapshots_day ON tekmetric.ro_snapshots (tm_shop_id, snapshot_date, account, client_id)
WHERE NOT is_deleted;
CREATE INDEX ro_snapshots_written ON tekmetric.ro_snapshots (synced_at);
CALL core.describe('tekmetric.ro_snapshots', '{
    "": "What a repair order came to when it was posted or completed. Basis: authorized lines. Counted are those that are not superseded: posted ones in money, completed ones as a number, manual ones nowhere",
    "id": "Our uuid of it, made of client, account, shop, order, trigger and day",
    "repair_order_id": "tekmetric.repair_orders.id",
    "tm_repair_order_id": "The vendor''s id of the order",
    "snapshot_date": "Day in the shop''s own calendar: of posting, of completion, or of the request",
    "snapshot_trigger": "posted: status 5 or 6; completed: status 3, not posted (yet, or any more); manual: somebody asked. The status decides, never a date alone",
    "ro_status": "The vendor''s code of the status: POSTED, ACCRECV, COMPLETE, ...",
    "ro_number": "Number on paper",
    "customer_name": "Company, else first and last name, when the snapshot was taken: a later rename does not reach it; one that was not known yet is filled in once",
    "vehicle_description": "Year, make, model and sub-model when the snapshot was taken; likewise",
    "advisor_name": "Service writer when the snapshot was taken; likewise",
    "authorized_revenue": "Revenue by lines: parts + labor + sublets + fees - discounts of authorized work, without taxes; the same as the vendor''s totalSales - taxes. Corrected as long as the posting stands",
    "authorized_cost": "Cost by lines: parts_cost + labor_cost + sublet_cost; null where one of them is not known",
    "authorized_profit": "authorized_revenue - authorized_cost; negative ones are kept",
    "authorized_gp_percent": "100 x authorized_profit / authorized_revenue, half-even to 2 places; null where revenue is not above 0 or cost is not known. No narrow precision: a one-dollar warranty order has -4,900",
    "authorized_job_count": "Jobs with authorized = true",
    "parts_revenue": "Parts of authorized jobs: the lines'' totals",
    "parts_cost": "Parts of authorized jobs: the sum of job_parts.line_cost, quantities decimal; null where a line''s cost is not known",
    "parts_profit": "parts_revenue - parts_cost",
    "labor_revenue": "Labor of authorized jobs: the lines'' totals, before discounts",
    "labor_cost": "Labor of authorized jobs: each line''s hours at its technician''s hourly pay, half-even a line; null where a pay is not known (see rate_sources)",
    "labor_profit": "labor_revenue - labor_cost",
    "labor_hours": "Hours of the labor lines of authorized jobs: hours billed",
    "sublet_revenue": "Authorized sublets: what they sell for",
    "sublet_cost": "Authorized sublets: what they cost; null where one is not known",
    "fees_total": "Fees of authorized jobs, and the order''s own where anything is authorized",
    "discount_total": "Discounts of authorized jobs, and the order''s own where anything is authorized; a positive number",
    "tax_total": "Taxes as the vendor says; in no other column",
    "potential_revenue": "As authorized_revenue of all jobs and sublets, whatever was answered",
    "potential_job_count": "Jobs, whatever was answered",
    "labor_technicians": "Labor by technician (null: nobody is named): technician, hours, revenue, cost, rate and rate_source, lines, jobs, and of the jobs that one technician did alone and clocked: clocked_hours, clocked_billed. A rate once used for an order stays, so that a rise in pay does not rewrite the past; only a better source replaces it",
    "rate_sources": "Labor lines by where the pay comes from: assigned (the technician''s own), shop_avg (mean of the shop''s technicians), default (the setting), unassigned (nobody is named: costs nothing, as the vendor counts it, where the shop''s pay is known at all), unknown",
    "tm_reported_revenue": "The vendor''s own: tekmetric.profits.authorized_revenue; null without the shop API. Never a source of our figures by lines",
    "tm_reported_cost": "The vendor''s own cost",
    "tm_reported_profit": "The vendor''s own profit",
    "tm_reported_gp_percent": "The vendor''s own margin x 100, half-even to 2 places; null where it has none (no revenue)",
    "variance_percent": "authorized_gp_percent - tm_reported_gp_percent, points; null where one of them is",
    "variance_reason": "Set where the variance is beyond 0.5 points either way: revenue_differs, labor_cost_differs, other_cost_differs (beyond 100 cents each), else small_amounts",
    "flags": "revenue_beyond_100_cents, profit_beyond_100_cents (ours against the vendor''s), gp_beyond_half_point, negative_profit_possible_warranty, cost_unknown",
    "calculation_method": "TRUE_GP: cost from lines and hours, fees at full margin",
    "superseded_at": "When it stopped counting: unposted, moved to another day, deleted. As deleted_at",
    "is_deleted": "It does not count any more; see superseded_at",
    "deleted_at": "When it stopped counting"
}');
SELECT access.protect('tekmetric.ro_snapshots');

-- ----------------------------------------------------------------------------------------------------- daily metrics

CREATE TABLE tekmetric.daily_shop_metrics (
    id uuid GENERATED ALWAYS AS (
        tekmetric.uid(
            client_id, account, 'daily_shop_metrics', tm_shop_id, (metric_date - date '1970-01-01')::text
        )
    ) STORED UNIQUE,
    metric_date date NOT NULL,
    basis text NOT NULL CHECK (basis IN ('posted')),
    revenue_source text NOT NULL CHECK (revenue_source IN ('vendor', 'lines')),
    ro_count integer NOT NULL,
    ro_posted_count integer NOT NULL,
    ro_completed_count integer NOT NULL,
    car_count integer NOT NULL,
    authorized_revenue bigint NOT NULL,
    authorized_cost bigint,
    authorized_profit bigint,
    authorized_gp_percent numeric,
    lines_revenue bigint NOT NULL,
    authorized_job_count integer NOT NULL,
    parts_revenue bigint NOT NULL,
    parts_cost bigint,
    parts_profit bigint,
    parts_gp_percent numeric,
    labor_revenue bigint NOT NULL,
    labor_cost bigint,
    labor_profit bigint,
    labor_gp_percent numeric,
    labor_hours numeric NOT NULL,
    sublet_revenue bigint NOT NULL,
    sublet_cost bigint,
    fees_total bigint NOT NULL,
    discount_total bigint NOT NULL,
    tax_total bigint NOT NULL,
    avg_ro_value bigint,
    avg_ro_profit bigint,
    avg_labor_rate bigint,
    gp_per_labor_hour bigint,
    total_gp_per_labor_hour bigint,
    potential_revenue bigint NOT NULL,
    potential_job_count integer NOT NULL,
    authorization_rate numeric,
    rate_sources jsonb NOT NULL,
    ro_without_cost_count integer NOT NULL,
    calculation_method text NOT NULL DEFAULT 'FROM_RO_SNAPSHOTS' CHECK (calculation_method IN ('FROM_RO_SNAPSHOTS')),
    source_snapshot_count integer NOT NULL,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, metric_date)
);
CALL core.describe('tekmetric.daily_shop_metrics', '{
    "": "A shop''s day from its repair orders'' snapshots. Basis: posted, i.e. the orders whose status is 5 or 6 on the shop''s own posted day. A day that lost all its orders has no row",
    "id": "Our uuid of it, made of client, account, shop and day",
    "metric_date": "Day in the shop''s own calendar; a shop without a time zone has none (check no_time_zone)",
    "basis": "posted: which orders the day''s figures are of",
    "revenue_source": "Where authorized_revenue, _cost, _profit and what is divided from them come from: vendor where every posted order of the day has the vendor''s own (tekmetric.profits), else lines for all of them; never mixed",
    "ro_count": "Repair orders posted that day. Basis: posted",
    "ro_posted_count": "As ro_count: accounts receivable is posted too. Basis: posted",
    "ro_completed_count": "Repair orders completed that day and not posted (yet, or any more); in no amount. Basis: completed",
    "car_count": "As ro_count: a repair order is one visit of one car. Basis: posted",
    "authorized_revenue": "Revenue: net of discounts, without taxes, by revenue_source. Basis: posted",
    "authorized_cost": "Cost by revenue_source; null where an order''s is not known. Basis: posted",
    "authorized_profit": "authorized_revenue - authorized_cost, of one source. Basis: posted",
    "authorized_gp_percent": "GP %: 100 x authorized_profit / authorized_revenue, sums over sums, half-even to 2 places; null where revenue is not above 0 or cost is not known. Basis: posted",
    "lines_revenue": "Revenue by lines, whatever revenue_source says: parts + labor + sublets + fees - discounts. Basis: posted",
    "authorized_job_count": "Authorized jobs. Basis: posted",
    "parts_revenue": "Parts by lines, before discounts. Basis: posted",
    "parts_cost": "Cost of parts by lines; null where one is not known. Basis: posted",
    "parts_profit": "parts_revenue - parts_cost. Basis: posted",
    "parts_gp_percent": "100 x parts_profit / parts_revenue, half-even to 2 places; null where revenue is not above 0. Basis: posted",
    "labor_revenue": "Labor by lines, before discounts. Basis: posted",
    "labor_cost": "Cost of labor by lines; null where a pay is not known. Basis: posted",
    "labor_profit": "labor_revenue - labor_cost. Basis: posted",
    "labor_gp_percent": "100 x labor_profit / labor_revenue, half-even to 2 places; null where revenue is not above 0. Basis: posted",
    "labor_hours": "Hours billed: hours of authorized labor lines. Basis: posted",
    "sublet_revenue": "Sublets by lines. Basis: posted",
    "sublet_cost": "Cost of sublets; null where one is not known. Basis: posted",
    "fees_total": "Fees of jobs and orders. Basis: posted",
    "discount_total": "Discounts of jobs and orders, a positive number. Basis: posted",
    "tax_total": "Taxes, in no other column. Basis: posted",
    "avg_ro_value": "ARO: authorized_revenue / ro_count, half-even to the cent; null without orders. Basis: posted",
    "avg_ro_profit": "authorized_profit / ro_count, half-even to the cent; null without orders or cost. Basis: posted",
    "avg_labor_rate": "Effective labor rate: labor_revenue / labor_hours, cents an hour, half-even; null without hours. Basis: posted",
    "gp_per_labor_hour": "labor_profit / labor_hours, cents an hour, half-even: the gross profit of labor alone, as in the original''s table; null without hours or cost. Basis: posted",
    "total_gp_per_labor_hour": "authorized_profit / labor_hours, cents an hour, half-even: the gross profit of everything, as the original''s dashboard showed it; null without hours or cost. Basis: posted",
    "potential_revenue": "What all jobs and sublets of those orders would come to, whatever was answered, by lines, without taxes. Basis: posted",
    "potential_job_count": "Jobs, whatever was answered. Basis: posted",
    "authorization_rate": "100 x lines_revenue / potential_revenue, both by lines, half-even to 2 places; null where nothing was offered. Basis: posted",
    "rate_sources": "Labor lines by rate source, see ro_snapshots. Basis: posted",
    "ro_without_cost_count": "Orders whose cost by lines is not known. Basis: posted",
    "calculation_method": "FROM_RO_SNAPSHOTS: never computed from lines a second time",
    "source_snapshot_count": "Snapshots the row is made of: ro_posted_count + ro_completed_count"
}');
SELECT access.protect('tekmetric.daily_shop_metrics');

CREATE TABLE tekmetric.tech_daily_metrics (
    id uuid GENERATED ALWAYS AS (
        tekmetric.uid(
            client_id, account, 'tech_daily_metrics', tm_shop_id,
            tm_technician_id::text || '/' || (metric_date - date '1970-01-01')::text
        )
    ) STORED UNIQUE,
    technician_id uuid NOT NULL
    GENERATED ALWAYS AS (tekmetric.uid(client_id, account, 'employees', tm_shop_id, tm_technician_id::text)) STORED,
    tm_technician_id bigint NOT NULL,
    metric_date date NOT NULL,
    basis text NOT NULL CHECK (basis IN ('posted')),
    hours_billed numeric NOT NULL,
    hourly_rate bigint,
    hourly_cost bigint,
    labor_revenue bigint NOT NULL,
    labor_cost bigint,
    labor_profit bigint,
    labor_gp_percent numeric,
    gp_per_hour bigint,
    jobs_worked integer NOT NULL,
    ros_worked integer NOT NULL,
    rate_sources jsonb NOT NULL,
    hours_clocked numeric,
    hours_billed_clocked numeric,
    efficiency numeric,
    LIKE tekmetric.std INCLUDING ALL,
    PRIMARY KEY (client_id, account, tm_shop_id, tm_technician_id, metric_date)
);
CREATE INDEX tech_daily_metrics_day ON tekmetric.tech_daily_metrics (tm_shop_id, metric_date, account, client_id);
CALL core.describe('tekmetric.tech_daily_metrics', '{
    "": "A technician''s day from the labor of its repair orders'' snapshots. Basis: posted. Labor where nobody is named is in no row: daily_shop_metrics.rate_sources counts it",
    "id": "Our uuid of it, made of client, account, shop, technician and day",
    "technician_id": "tekmetric.employees.id",
    "tm_technician_id": "The vendor''s id of the technician",
    "metric_date": "Posted day of the orders, in the shop''s own calendar: not the day of the work",
    "basis": "posted: which orders the day''s figures are of",
    "hours_billed": "Hours of authorized labor lines. Basis: posted",
    "hourly_rate": "Effective rate: labor_revenue / hours_billed, cents an hour, half-even; null without hours. Basis: posted",
    "hourly_cost": "labor_cost / hours_billed, cents an hour, half-even; null without hours or pay. Basis: posted",
    "labor_revenue": "Labor lines'' totals, before discounts. Basis: posted",
    "labor_cost": "Hours at the technician''s pay, half-even a line; null where a pay is not known. Basis: posted",
    "labor_profit": "labor_revenue - labor_cost. Basis: posted",
    "labor_gp_percent": "100 x labor_profit / labor_revenue, half-even to 2 places; null where revenue is not above 0. Basis: posted",
    "gp_per_hour": "labor_profit / hours_billed, cents an hour, half-even; null without hours or pay. Basis: posted",
    "jobs_worked": "Authorized jobs with a labor line of the technician. Basis: posted",
    "ros_worked": "Repair orders with such a job. Basis: posted",
    "rate_sources": "Labor lines by rate source: assigned, shop_avg, default, unknown. Basis: posted",
    "hours_clocked": "Hours on the job clock (jobs.logged_hours above 0) of authorized jobs that the technician did alone: a shared job''s clock cannot be told apart. Null without such a job. Basis: posted",
    "hours_billed_clocked": "Hours billed of those same jobs. Basis: posted",
    "efficiency": "100 x hours_billed_clocked / hours_clocked, half-even to 2 places: billed over clocked; null without clocked hours. Basis: posted"
}');
SELECT access.protect('tekmetric.tech_daily_metrics');
GRANT MAINTAIN ON tekmetric.ro_snapshots, tekmetric.daily_shop_metrics, tekmetric.tech_daily_metrics -- noqa: PRS
TO branchline_loader;
