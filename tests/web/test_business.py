"""The business page: the API's figures, one currency a line, a definition behind each, and what it says of nothing."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from branchline.web.views.figures import BOARDS, written

from tests.access.conftest import OURS
from tests.web.conftest import STRANGER, House
from tests.web.front import Front

PAGE = "/pages/business"
LIST = "/smartmoving/branch-performance"
#: Days on which the little world's moves lie.
PERIOD = {"since": "2026-07-01", "until": "2026-07-31"}


def read(front: Front, user: str, status: int = 200, **query: Any) -> str:
    answer = front.get(user, PAGE, headers={"Accept": "text/html"}, **query)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
    return html.unescape(answer.text)


def cells(page: str) -> dict[str, list[str]]:
    """The leaderboard: a place's name to what stands in its line."""
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    return {
        re.sub(r"<[^>]+>", "", line.split("</th>")[0]).strip(): re.findall(r'<td class="number">(.*?)</td>', line)
        for line in body.split("<tr>")[1:]
    }


def busiest(house: House) -> Any:
    """The branch's day with the most money in it."""
    return house.warehouse.rows(
        "SELECT * FROM metrics.branch_performance WHERE client_id = %s AND metric_date BETWEEN %s AND %s "
        "ORDER BY booked_revenue_cents DESC LIMIT 1",
        (OURS, *PERIOD.values()),
    )[0]


# ------------------------------------------------------------------------------------------------------- the figures


def test_view_api_and_page_say_the_same_of_a_day(house: House) -> None:
    row = busiest(house)
    assert row.booked_revenue_cents > 0
    day = {"since": str(row.metric_date), "until": str(row.metric_date)}
    (item,) = house.front.items("admin", LIST, location=row.location_id, **day)
    for name in row._fields:
        assert str(item[name]) == str(getattr(row, name)) or float(item[name]) == float(getattr(row, name)), name
    board = BOARDS["smartmoving"]
    page = read(house.front, "admin", branch=row.location_id, **day)
    found = {column: value for value, column in re.findall(r'<strong>(.*?)</strong> <a href="#means-(\w+)"', page)}
    assert set(found) == {figure.column for figure in board.figures}
    for figure in board.figures:
        assert found[figure.column] == written(getattr(row, figure.column), figure.unit, row.currency), figure.column


def test_every_branch_side_by_side_with_five_figures_at_most(house: House) -> None:
    expected = {
        row.location_name: row
        for row in house.warehouse.rows(
            "SELECT location_name, currency, sum(booked_revenue_cents)::bigint AS revenue, sum(moves)::bigint AS moves "
            "FROM metrics.branch_performance WHERE client_id = %s AND metric_date BETWEEN %s AND %s GROUP BY 1, 2",
            (OURS, *PERIOD.values()),
        )
    }
    lines = cells(read(house.front, "admin", **PERIOD))
    assert len(lines) > 1
    for name, line in lines.items():
        assert len(line) == 5
        row = expected[next(known for known in expected if known.strip() == name)]
        assert line[0] == written(row.revenue, "money", row.currency)
        assert line[1] == written(row.moves, "count", None)
    currencies = [line[0].rpartition(" ")[2] for line in lines.values()]
    assert currencies == sorted(currencies), "amounts are compared within their currency alone"


def test_T84_a_manager_sees_his_branch_alone(house: House) -> None:
    place = house.loaded.places[0]
    name = house.warehouse.one("SELECT name FROM core.locations WHERE location_id = %s", (place,)).strip()
    assert set(cells(read(house.front, "manager", **PERIOD))) <= {name}
    foreign = read(house.front, "manager", 404, branch=house.loaded.places[1])
    assert "among those you may see" in foreign


@pytest.mark.parametrize("name", ["dispatcher", "driver"])
def test_who_sees_no_money_is_refused(front: Front, name: str) -> None:
    assert "Your role does not read this" in read(front, name, 403)


@pytest.mark.parametrize("source", list(BOARDS))
def test_every_figure_leads_to_its_definition(house: House, source: str) -> None:
    board = BOARDS[source]
    page = read(house.front, "super", source=source, **PERIOD)
    meant = dict(re.findall(r'<dt id="means-(\w+)">.*?</dt>\n<dd>(.*?)</dd>', page, re.DOTALL))
    assert list(meant) == [figure.column for figure in board.leading]
    assert len(board.leading) <= 5
    comments = dict(
        house.warehouse.rows(
            "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = %s::regclass",
            (f"metrics.{board.view}",),
        )
    )
    assert meant == {name: comments[name] for name in meant}
    assert set(re.findall(r'href="#means-(\w+)"', page)) <= set(meant)
    for drawing in board.drawings:
        assert len({board.figure(column).unit for column in drawing.columns}) == 1, f"{drawing.title}: one axis"


# --------------------------------------------------------------------------------------------------------- its forms


def test_a_branch_has_a_table_behind_each_chart(house: House) -> None:
    row = busiest(house)
    page = read(house.front, "admin", branch=row.location_id, **PERIOD)
    drawings = BOARDS["smartmoving"].drawings
    assert page.count("<svg") == page.count("<details>") == len(drawings) == 3
    assert "<script" not in page
    assert "style=" not in page
    first = page.split("<details>")[1].split("</details>")[0]
    assert first.count('<th scope="row">') == 31, "every day of the period, the empty ones too"
    assert re.search(
        rf'<th scope="row">{row.metric_date}</th><td class="number">'
        + re.escape(written(row.booked_revenue_cents, "money", row.currency)), first,
    )  # fmt: skip


def test_the_address_holds_what_was_chosen(house: House) -> None:
    page = read(house.front, "admin", source="smartmoving", by="moves", **PERIOD)
    assert 'aria-sort="descending"><a href="#means-moves"' in page
    links = re.findall(r'<th scope="row"><a href="([^"]+)"', page)
    assert links
    for link in links:
        assert "since=2026-07-01&until=2026-07-31" in link
        assert read(house.front, "admin", **dict(re.findall(r"(\w+)=([^&]*)", link)))
    empty = read(house.front, "admin", source="smartmoving", branch="", since="", until="")
    assert "all of SmartMoving" in empty, "a form's empty fields choose nothing"


def test_another_source_chosen_on_the_page_of_a_branch_shows_all_of_it(house: House) -> None:
    page = read(house.front, "admin", branch=house.loaded.places[0], source="tekmetric", **PERIOD)
    assert '<option value="tekmetric" selected>' in page
    assert "Beside the others" not in page


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"since": "2026-07-02", "until": "2026-07-01"}, "comes after the last"),
        ({"since": "2020-01-01", "until": "2026-07-01"}, "more than 366 days"),
        ({"since": "yesterday"}, "since"),
        ({"source": "nobody"}, "source"),
        ({"branch": "x"}, "branch"),
    ],
)
def test_what_cannot_be_shown_says_why(front: Front, query: dict[str, str], says: str) -> None:
    assert says in read(front, "admin", 422, **query)


# ------------------------------------------------------------------------------------------------------- its states


def test_nothing_to_see_says_so(front: Front) -> None:
    assert "There is no branch of SmartMoving that you may see" in read(front, STRANGER)
    assert "There is no office of DriveShop FMS that you may see" in read(front, "admin", source="fms")
    nothing = read(front, "admin", since="2001-01-01", until="2001-01-31")
    assert "Nothing is known of SmartMoving from 2001-01-01 to 2001-01-31" in nothing


@contextmanager
def expected(house: House, period: str) -> Iterator[None]:
    """Somebody expects the sweep every so often, for a year already."""
    house.warehouse.execute(
        "INSERT INTO ops.expectations (source, account, client_id, stream, dag_id, period, is_paused, since) VALUES "
        "('smartmoving', 'smartmoving', %s, 'customers', 'smartmoving', %s, FALSE, now() - interval '1 year')",
        (OURS, period),
    )
    try:
        yield
    finally:
        house.warehouse.execute("DELETE FROM ops.expectations")


def test_it_says_how_old_it_is(house: House) -> None:
    assert "nothing says how old this is" in read(house.front, "admin", **PERIOD)
    with expected(house, "1 day"):
        page = read(house.front, "admin", **PERIOD)
        assert re.search(r'class="word info".*Up to date</span>: as of <time', page)
    with expected(house, "1 microsecond"):
        page = read(house.front, "admin", **PERIOD)
        assert re.search(r'class="word error".*Late', page)
        assert "runbook.md" in page, "and what to do"
