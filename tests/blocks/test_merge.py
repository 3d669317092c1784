"""The merge by itself, on records landed by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from branchline.errors import GuardTripped
from branchline.ledger import Account
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.blocks.landed import Bench, after, bench, customer, detail, embedded, job

DAY = (date(2026, 7, 15), date(2026, 7, 16))


@pytest.fixture
def lgm(warehouse: Any) -> Iterator[Bench]:
    with bench(warehouse.loader) as found:
        yield found


def named(bench: Bench) -> dict[str, str]:
    return {row.customer_id: row.name for row in bench.rows("SELECT customer_id, name FROM smartmoving.customers")}


def open_flaws(bench: Bench) -> list[tuple[str, str, str, str]]:
    return [
        tuple(row)
        for row in bench.rows(
            "SELECT record_key, severity, reason, field FROM ops.quarantine WHERE resolved_at IS NULL "
            "ORDER BY 1, 2, 3, 4"
        )
    ]


# ------------------------------------------------------------------------------------------------- which version wins


def test_t36_an_older_observation_never_overwrites_a_newer_one(lgm: Bench) -> None:
    old = lgm.land("customers", [customer(1, name="Old")], at=after(1))
    lgm.take("customers", [customer(1, name="New")], at=after(2))
    counts = lgm.merge(old)
    assert (counts.stale, counts.updated) == (1, 0)
    assert named(lgm) == {"customer 1": "New"}


def test_t36_a_changed_payload_of_the_same_instant_is_merged(lgm: Bench) -> None:
    lgm.take("customers", [customer(1, name="First")])
    assert lgm.take("customers", [customer(1, name="Second")]).updated == 1
    assert named(lgm) == {"customer 1": "Second"}


def test_t36_a_version_seen_again_outranks_what_lies_between(lgm: Bench) -> None:
    """A, B, A in order; B merges last although A was seen again after it."""
    lgm.take("customers", [customer(1, name="A")], at=after(1))
    late = lgm.land("customers", [customer(1, name="B")], at=after(2))
    assert lgm.take("customers", [customer(1, name="A")], at=after(3)).unchanged == 1
    assert lgm.merge(late).stale == 1
    assert named(lgm) == {"customer 1": "A"}


def test_t36_a_partial_replay_does_not_bring_an_outranked_version_back(lgm: Bench) -> None:
    lgm.take("customers", [customer(1, name="A")], at=after(1))
    late = lgm.land("customers", [customer(1, name="B")], at=after(2))
    lgm.take("customers", [customer(1, name="A")], at=after(3))
    lgm.merge(late)
    lgm.merge(late, is_replay=True)
    assert named(lgm) == {"customer 1": "A"}


def test_duplicates_of_a_sync_are_merged_once_and_counted(lgm: Bench) -> None:
    counts = lgm.take("customers", [customer(1), customer(2), customer(1)])
    assert (counts.fetched, counts.created, counts.duplicates) == (3, 2, 1)


def test_force_rewrites_unchanged_rows(lgm: Bench) -> None:
    lgm.take("customers", [customer(1, job(1))])
    before = lgm.one("SELECT synced_at FROM smartmoving.swept_jobs")
    counts = lgm.take("customers", [customer(1, job(1))], at=after(1), how={"force": True})
    assert (counts.updated, counts.unchanged) == (1, 0)
    assert lgm.one("SELECT synced_at FROM smartmoving.swept_jobs") > before


# ----------------------------------------------------------------------------------------------------------- children


def test_t41_a_child_that_vanished_leaves_with_the_merge(lgm: Bench) -> None:
    lgm.take("opportunities", [detail(1, embedded(1), embedded(2))], keys=["opportunity 1"])
    counts = lgm.take("opportunities", [detail(1, embedded(1))], keys=["opportunity 1"], at=after(1))
    assert counts.unchanged == 1, "the root itself did not change"
    assert [row.job_id for row in lgm.rows("SELECT job_id FROM smartmoving.opportunity_jobs")] == ["job 1"]
    assert lgm.one("SELECT count(*) FROM smartmoving.job_charges") == 1
    assert counts.tables["smartmoving.opportunity_jobs"]["removed"] == 1


def test_children_of_an_unchanged_root_are_merged(lgm: Bench) -> None:
    lgm.take("customers", [customer(1, job(1))])
    counts = lgm.take("customers", [customer(1, job(1, "2026-07-20"))], at=after(1))
    assert counts.unchanged == 1
    assert lgm.one("SELECT service_date FROM smartmoving.swept_jobs") == date(2026, 7, 20)


@pytest.mark.parametrize("order", list(itertools.permutations([0, 1])))
def test_a_child_under_two_roots_belongs_to_the_newer_one(lgm: Bench, order: tuple[int, int]) -> None:
    landed = [
        lgm.land("customers", [customer(1, job(7))], at=after(1)),
        lgm.land("customers", [customer(2, job(7))], at=after(2)),
    ]
    for place in order:
        lgm.merge(landed[place])
    assert lgm.one("SELECT customer_id FROM smartmoving.swept_jobs") == "customer 2"


def test_a_child_under_two_roots_of_one_sync_does_not_crash(lgm: Bench) -> None:
    counts = lgm.take("customers", [customer(1, job(7)), customer(2, job(7))], times=[after(1), after(2)])
    assert counts.created == 2
    assert lgm.one("SELECT customer_id FROM smartmoving.swept_jobs") == "customer 2"


def test_a_child_twice_in_one_record_does_not_crash(lgm: Bench) -> None:
    lgm.take("customers", [customer(1, job(7), job(7))])
    assert lgm.one("SELECT count(*) FROM smartmoving.swept_jobs") == 1


# --------------------------------------------------------------------------------------------------------- quarantine


@pytest.mark.parametrize(
    ("stream", "record"),
    [
        ("customers", customer(1, secondaryPhoneNumbers={"phoneNumber": "1"})),
        ("customers", customer(1, opportunities={"id": "x"})),
        ("customers", customer(1, opportunities="none")),
        ("opportunities", detail(1, jobs={"id": "x"})),
        ("opportunities", detail(1, embedded(1, jobAddresses={"0": "x"}))),
        ("opportunities", detail(1, embedded(1, estimatedCharges={"totalCost": 5}))),
        ("opportunities", detail(1, embedded(1, crewMembers="Sam"))),
        ("opportunities", detail(1, payments={"amount": 5})),
        ("opportunities", detail(1, payments=[{"paymentType": 1}])),
    ],
)
def test_a_list_that_is_no_list_rejects_the_record_whole(lgm: Bench, stream: str, record: Any) -> None:
    keys = {"keys": ["opportunity 1"]} if stream == "opportunities" else {}
    counts = lgm.take(stream, [record], **keys)
    assert (counts.quarantined, counts.created) == (1, 0)
    assert all(severity == "record" for _, severity, _, _ in open_flaws(lgm))
    for table in (*lgm.source.stream(stream).into,):
        assert lgm.one(f"SELECT count(*) FROM smartmoving.{table}") == 0


@pytest.mark.parametrize("record", ["null", "5", '"text"', "[]", "{}", '{"id": null}', '{"id": {"a": 1}}'])
def test_a_record_that_is_none_is_quarantined(lgm: Bench, record: str) -> None:
    counts = lgm.take("branches", [record, '{"id": "b", "name": "B"}'])
    assert counts.created + counts.quarantined == 2
    assert counts.created <= 2


def test_the_last_good_version_stays_when_a_bad_one_comes(lgm: Bench) -> None:
    lgm.take("opportunities", [detail(1, embedded(1))], keys=["opportunity 1"])
    bad = detail(1, embedded(1), total="twelve")
    assert lgm.take("opportunities", [bad], keys=["opportunity 1"], at=after(1)).quarantined == 1
    assert lgm.one("SELECT final_total_cents, is_deleted FROM smartmoving.opportunities") == (10000, False)
    assert lgm.one("SELECT count(*) FROM smartmoving.opportunity_jobs") == 1


def test_one_open_row_a_flaw_until_a_good_version_merges(lgm: Bench) -> None:
    bad = customer(1, job(1, "next week"))
    lgm.take("customers", [bad], at=after(1))
    lgm.take("customers", [bad], at=after(2))
    assert open_flaws(lgm) == [("customer 1", "record", "not_a_date", "service_date")]
    assert lgm.one("SELECT max(last_seen_at) FROM ops.quarantine") == after(2)
    lgm.take("customers", [customer(1, job(1))], at=after(3))
    assert open_flaws(lgm) == []
    assert lgm.one("SELECT count(*) FROM ops.quarantine WHERE resolution = 'merged'") == 1


def test_a_good_version_that_is_older_resolves_nothing(lgm: Bench) -> None:
    good = lgm.land("customers", [customer(1, job(1))], at=after(1))
    lgm.take("customers", [customer(1, job(1, "next week"))], at=after(2))
    assert lgm.merge(good).created == 1
    assert len(open_flaws(lgm)) == 1


def test_a_flaw_of_an_optional_field_nulls_it_and_is_resolved_by_itself(lgm: Bench) -> None:
    lgm.take("customers", [customer(1, phoneType="mobile")])
    assert lgm.one("SELECT name, phone_type FROM smartmoving.customers") == ("Alex Example", None)
    assert open_flaws(lgm) == [("customer 1", "field", "not_a_whole_number", "phone_type")]
    lgm.take("customers", [customer(1, phoneType=3)], at=after(1))
    assert open_flaws(lgm) == []


# --------------------------------------------------------------------------------------------------- tombstones, guard


def test_not_found_is_a_tombstone_and_found_again_clears_it(lgm: Bench) -> None:
    key = ["opportunity 1"]
    lgm.take("opportunities", [detail(1, embedded(1))], keys=key, at=after(1))
    assert lgm.take("opportunities", [None], keys=key, at=after(2)).deleted == 1
    assert lgm.one("SELECT is_deleted, final_total_cents FROM smartmoving.opportunities") == (True, 10000)
    assert lgm.one("SELECT bool_and(is_deleted) FROM smartmoving.job_charges")
    assert lgm.take("opportunities", [None], keys=key, at=after(3)).deleted == 0
    assert lgm.take("opportunities", [detail(1, embedded(1))], keys=key, at=after(4)).updated == 1
    assert lgm.one("SELECT is_deleted, deleted_at FROM smartmoving.opportunities") == (False, None)
    assert not lgm.one("SELECT bool_or(is_deleted) FROM smartmoving.job_charges")


def test_a_jobs_list_is_complete_for_its_opportunity(lgm: Bench) -> None:
    def listed(number: int) -> dict[str, Any]:
        return {"id": f"job {number}", "type": 1, "jobNumber": f"{number}", "jobDate": 20260715}

    lgm.take("jobs", [listed(1), listed(2)], keys=["opportunity 1"], asked=["opportunity 1"] * 2)
    counts = lgm.take("jobs", [listed(1)], keys=["opportunity 1"], at=after(1))
    assert counts.deleted == 1
    gone = "SELECT job_id FROM smartmoving.jobs WHERE is_deleted"
    assert [row.job_id for row in lgm.rows(gone)] == ["job 2"]
    counts = lgm.take("jobs", [listed(1) | {"jobDate": "soon"}], keys=["opportunity 1"], at=after(2))
    assert (counts.quarantined, counts.deleted) == (1, 0), "an answer with a row nobody can read retires nothing"
    assert lgm.take("jobs", [], keys=["opportunity 1"], asked=[], at=after(3)).deleted == 1


def swept(numbers: Any) -> list[Any]:
    return [customer(number, job(number)) for number in numbers]


def test_t69_a_window_that_lost_a_fifth_is_refused_and_changes_nothing(lgm: Bench) -> None:
    lgm.take("customers", swept(range(60)), window=DAY)
    loss = lgm.land("customers", [customer(0, job(0), name="Renamed"), *swept(range(1, 45))], window=DAY, at=after(60))
    with pytest.raises(GuardTripped, match=r"15 of 60 records.*accept_shrink"):
        lgm.merge(loss)
    assert named(lgm)["customer 0"] == "Alex Example"
    assert lgm.rows("SELECT FROM ops.lookups") == []
    lgm.merge(loss, accept_shrink=True)
    assert named(lgm)["customer 0"] == "Renamed"
    wanted = {row.record_key for row in lgm.rows("SELECT record_key FROM ops.lookups WHERE wanted = 'missing'")}
    assert wanted == {f"opportunity {number}" for number in range(45, 60)}
    assert lgm.one("SELECT count(*) FROM smartmoving.swept_jobs WHERE is_deleted") == 0, "no word of the vendor's yet"


@pytest.mark.parametrize(("before", "left"), [(60, 57), (12, 2)])
def test_t69_a_small_loss_is_asked_for_by_id(lgm: Bench, before: int, left: int) -> None:
    lgm.take("customers", swept(range(before)), window=DAY)
    lgm.take("customers", swept(range(left)), window=DAY, at=after(60))
    assert lgm.one("SELECT count(*) FROM ops.lookups WHERE wanted = 'missing'") == before - left


def test_an_incomplete_window_says_nothing_of_what_it_lacks(lgm: Bench) -> None:
    lgm.take("customers", swept(range(60)), window=DAY)
    lgm.take("customers", swept(range(3)), window=DAY, at=after(60), how={"is_complete": False})
    assert lgm.rows("SELECT FROM ops.lookups") == []


def test_a_window_of_another_day_says_nothing_of_this_one(lgm: Bench) -> None:
    lgm.take("customers", swept(range(5)), window=DAY)
    lgm.take("customers", [], window=(DAY[1], DAY[1] + timedelta(days=1)), at=after(60))
    assert lgm.rows("SELECT FROM ops.lookups") == []


def test_t69_missing_then_not_found_then_back(lgm: Bench) -> None:
    lgm.take("customers", swept([1, 2]), window=DAY, at=after(1))
    lgm.take("customers", swept([1]), window=DAY, at=after(2))
    lgm.take("opportunities", [None], keys=["opportunity 2"], reasons=["missing"], at=after(3))
    tombs = "SELECT job_id FROM smartmoving.swept_jobs WHERE is_deleted"
    assert [row.job_id for row in lgm.rows(tombs)] == ["job 2"]
    lgm.take("customers", swept([1]), window=DAY, at=after(4))
    assert lgm.one("SELECT count(*) FROM ops.lookups WHERE wanted IS NOT NULL") == 0, "settled, not asked again"
    lgm.take("customers", swept([1, 2]), window=DAY, at=after(5))
    assert lgm.rows(tombs) == []


def test_an_opportunity_that_its_customer_no_longer_shows_is_asked_for(lgm: Bench) -> None:
    """The customer is still swept, so its children were pruned; only the detail can tell where the job is."""
    lgm.take("customers", [customer(1, job(1), job(2))], window=DAY, at=after(1))
    lgm.take("customers", [customer(1, job(1))], window=DAY, at=after(2))
    assert [row.record_key for row in lgm.rows("SELECT record_key FROM ops.lookups WHERE wanted = 'missing'")] == [
        "opportunity 1"
    ]


# ------------------------------------------------------------------------------------------------- two accounts, locks


def test_t35_two_accounts_of_one_client_keep_the_same_ids_apart(warehouse: Any) -> None:
    second = Account("smartmoving", "second", "smartmoving_second", "lgm")
    with bench(warehouse.loader) as one, bench(warehouse.loader, second) as two:
        one.take("customers", [customer(1, job(1), name="One")])
        two.take("customers", [customer(1, job(1), name="Two")], at=after(1))
        two.take("customers", [customer(1, name="Two")], at=after(2))
        found = one.rows("SELECT account, name FROM smartmoving.customers ORDER BY account")
        assert [tuple(row) for row in found] == [("second", "Two"), ("smartmoving", "One")]
        assert [row.account for row in one.rows("SELECT account FROM smartmoving.swept_jobs")] == ["smartmoving"]


def test_t35_another_client_cannot_be_touched(warehouse: Any) -> None:
    other = Account("smartmoving", "other", "smartmoving_other", "acme")
    with bench(warehouse.loader) as lgm, bench(warehouse.loader, other) as acme:
        lgm.take("customers", [customer(1, name="Ours")])
        acme.take("customers", [customer(1, name="Theirs")], at=after(1))
        assert named(lgm) == {"customer 1": "Ours"}
        assert named(acme) == {"customer 1": "Theirs"}


def test_t66_a_lock_held_too_long_changes_nothing_and_the_retry_works(lgm: Bench, warehouse: Any) -> None:
    landed = lgm.land("customers", [customer(1, job(1))])
    assert lgm.one("SHOW statement_timeout") == "30min"
    assert lgm.one("SHOW lock_timeout") == "5min"
    lgm.connection.execute("SET lock_timeout = '200ms'")
    with psycopg.connect(warehouse.admin) as holder:
        holder.execute("LOCK TABLE smartmoving.swept_jobs IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            lgm.merge(landed)
        holder.rollback()
    assert named(lgm) == {}
    assert lgm.merge(landed).created == 1


@pytest.mark.parametrize("code", ["53100", "40P01", "57014"])  # disk full, deadlock, statement timeout
def test_t66_an_error_of_the_database_changes_nothing(lgm: Bench, warehouse: Any, code: str) -> None:
    landed = lgm.land("customers", [customer(1, job(1))])
    warehouse.execute(
        "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'as ordered' USING ERRCODE = '{code}'; END $$; "
        "CREATE TRIGGER fail BEFORE INSERT ON smartmoving.swept_jobs EXECUTE FUNCTION public.fail()"
    )
    with pytest.raises(psycopg.Error, match="as ordered"):
        lgm.merge(landed)
    assert named(lgm) == {}
    assert lgm.one("SELECT state FROM ops.sync_slices") == "done"
    warehouse.execute("DROP TRIGGER fail ON smartmoving.swept_jobs")
    assert lgm.merge(landed).created == 1


# -------------------------------------------------------------------------------------------------- T62, any order

_versions = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Ann", "Bob"]),
        "jobs": st.sets(st.integers(1, 3)),
        "day": st.sampled_from(["2026-07-15", "2026-07-16"]),
        "is_bad": st.sampled_from([False, False, False, True]),
    }
)


@st.composite
def _histories(draw: st.DrawFn, versions: Any) -> tuple[dict[tuple[int, int], Any], list[list[tuple[int, int]]]]:
    """What the vendor would say of two records at six instants, and runs that observed some of it, in merge order."""
    said = {(number, minute): draw(versions) for number in (1, 2) for minute in range(6)}
    runs = draw(
        st.lists(
            st.lists(st.tuples(st.sampled_from([1, 2]), st.integers(0, 5)), min_size=1, max_size=5),
            min_size=1,
            max_size=5,
        )
    )
    return said, runs


@pytest.fixture(scope="module")
def shared(cluster: Any, template: str) -> Iterator[Bench]:
    """One bench for all examples: each leaves nothing behind, since its transaction is rolled back."""
    from stack.testing import fresh_database, login

    with fresh_database(cluster, template) as admin, bench(login(admin, "branchline_loader", "only-in-tests")) as found:
        yield found


def as_sent(number: int, version: dict[str, Any]) -> Any:
    day = "next week" if version["is_bad"] else version["day"]
    jobs = [job(10 * number + which, day) for which in sorted(version["jobs"])]
    return customer(number, *jobs, name=version["name"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=_histories(_versions))
def test_t62_any_order_and_overlap_of_runs_ends_in_the_newest_good_version(shared: Bench, history: Any) -> None:
    said, runs = history

    def is_good(version: dict[str, Any]) -> bool:
        return not (version["is_bad"] and version["jobs"])

    with shared.connection.transaction(force_rollback=True):
        for seen in runs:
            records = [as_sent(number, said[number, minute]) for number, minute in seen]
            shared.take("customers", records, times=[after(minute) for _, minute in seen])
        newest: dict[int, tuple[int, dict[str, Any]]] = {}
        for number, minute in itertools.chain.from_iterable(runs):
            if is_good(said[number, minute]) and minute >= newest.get(number, (-1, {}))[0]:
                newest[number] = (minute, said[number, minute])
        assert named(shared) == {f"customer {number}": version["name"] for number, (_, version) in newest.items()}
        jobs = shared.rows("SELECT job_id, customer_id, service_date FROM smartmoving.swept_jobs")
        assert {(row.job_id, row.customer_id, f"{row.service_date}") for row in jobs} == {
            (f"job {10 * number + which}", f"customer {number}", version["day"])
            for number, (_, version) in newest.items()
            for which in version["jobs"]
        }


_answers = st.one_of(st.none(), st.fixed_dictionaries({"total": st.sampled_from([1.5, 2.5]), "job": st.booleans()}))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=_histories(_answers))
def test_t62_any_order_of_found_and_not_found_ends_the_same(shared: Bench, history: Any) -> None:
    said, runs = history

    def sent(number: int, minute: int) -> Any:
        answer = said[number, minute]
        if answer is None:
            return None
        return detail(number, *([embedded(number)] if answer["job"] else []), total=answer["total"])

    with shared.connection.transaction(force_rollback=True):
        for seen in runs:
            shared.take(
                "opportunities",
                [sent(number, minute) for number, minute in seen],
                times=[after(minute) for _, minute in seen],
                keys=[f"opportunity {number}" for number, _ in seen],
            )
        expected = {}
        for number in (1, 2):
            minutes = sorted({minute for which, minute in itertools.chain.from_iterable(runs) if which == number})
            found = [minute for minute in minutes if said[number, minute] is not None]
            if found:
                answer = said[number, found[-1]]
                expected[f"opportunity {number}"] = (int(answer["total"] * 100), found[-1] != minutes[-1])
        # A tombstone keeps the version it was set on: one that is older than it and comes later is refused as stale.
        rows = shared.rows("SELECT opportunity_id, final_total_cents, is_deleted FROM smartmoving.opportunities")
        assert {row.opportunity_id: row.is_deleted for row in rows} == {
            key: is_gone for key, (_, is_gone) in expected.items()
        }
        assert {row.opportunity_id: row.final_total_cents for row in rows if not row.is_deleted} == {
            key: cents for key, (cents, is_gone) in expected.items() if not is_gone
        }
        alive = {f"job {key.split()[1]}" for key, (_, is_gone) in expected.items() if not is_gone} & {
            f"job {number}" for number in (1, 2) if last_has_job(said, runs, number)
        }
        jobs = shared.rows("SELECT job_id FROM smartmoving.opportunity_jobs WHERE NOT is_deleted")
        assert {row.job_id for row in jobs} == alive


def last_has_job(said: Any, runs: Any, number: int) -> bool:
    minutes = [minute for which, minute in itertools.chain.from_iterable(runs) if which == number]
    found = [minute for minute in minutes if said[number, minute] is not None]
    return bool(found) and said[number, max(found)]["job"]


def test_T21_a_short_slice_is_no_complete_window_and_nothing_is_missing_from_it(lgm: Bench) -> None:
    days = [date(2026, 7, 15), date(2026, 7, 16)]
    windows = [(day, day + timedelta(days=1)) for day in days]
    for number, (day, window) in enumerate(zip(days, windows, strict=True)):
        people = [customer(n, job(n, f"{day}")) for n in (2 * number, 2 * number + 1)]
        lgm.take("customers", people, window=window, at=after(number))
    short = lgm.land("customers", [customer(0, job(0, f"{days[0]}"))], window=windows[0], at=after(5))
    whole = lgm.land("customers", [customer(2, job(2, f"{days[1]}"))], window=windows[1], at=after(6))
    lgm.rows("UPDATE ops.sync_slices SET verdict = 'short' WHERE slice_id = %s RETURNING 1", (short.slice_id,))
    lgm.merge(short, whole)
    wanted = lgm.rows("SELECT record_key FROM ops.lookups WHERE wanted = 'missing'")
    assert [row.record_key for row in wanted] == ["opportunity 3"]
