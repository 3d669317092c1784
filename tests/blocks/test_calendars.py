"""Business days of a location: zones by coordinates, days of 23 and 25 hours, each day exactly once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from branchline import calendars
from hypothesis import given
from hypothesis import strategies as st

TORONTO = "America/Toronto"
ZONES = [TORONTO, "America/Vancouver", "America/St_Johns", "America/Phoenix", "America/Regina", "Asia/Kathmandu"]


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [
        (43.663321, -79.341261, TORONTO),
        (51.088836, -114.0357, "America/Edmonton"),
        (33.445355, -112.05953, "America/Phoenix"),
        (50.450146, -104.611855, "America/Regina"),
        (46.104705, -64.705086, "America/Moncton"),
        (0.0, 0.0, None),
        (91.0, 10.0, None),
        (30.0, -40.0, None),
    ],
)
def test_the_zone_of_a_place(latitude: float, longitude: float, zone: str | None) -> None:
    assert calendars.zone_of(latitude, longitude) == zone


def test_T37_a_day_of_25_hours_and_one_of_23_begin_where_their_date_does() -> None:
    for day, hours in ((date(2025, 11, 2), 25), (date(2026, 3, 8), 23)):
        length = calendars.midnight(day + timedelta(days=1), TORONTO) - calendars.midnight(day, TORONTO)
        assert length == timedelta(hours=hours)
        last_instant = calendars.midnight(day + timedelta(days=1), TORONTO) - timedelta(seconds=1)
        assert calendars.local_day(last_instant, TORONTO) == day


def test_today_and_tomorrow_of_two_zones_are_three_dates_around_midnight() -> None:
    instant = datetime(2026, 7, 15, 5, 0, tzinfo=UTC)  # 01:00 in Toronto, 22:00 of the day before in Vancouver
    days = calendars.visible_days(instant, [TORONTO, "America/Vancouver"])
    assert days == [date(2026, 7, 14), date(2026, 7, 15), date(2026, 7, 16)]
    assert calendars.visible_days(instant, []) == []


@given(
    zone=st.sampled_from(ZONES),
    start=st.integers(1_704_000_000, 1_799_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    hours=st.lists(st.integers(1, 30), min_size=1, max_size=20),
)
def test_over_adjoining_intervals_each_day_comes_once(zone: str, start: datetime, hours: list[int]) -> None:
    edges = [start]
    for step in hours:
        edges.append(edges[-1] + timedelta(hours=step))
    piecewise = [day for begin, end in pairwise(edges) for day in calendars.days_beginning_in(begin, end, zone)]
    assert piecewise == calendars.days_beginning_in(edges[0], edges[-1], zone)
    assert len(piecewise) == len(set(piecewise))


def test_days_between_includes_both_ends_and_a_leap_day() -> None:
    assert calendars.days_between(date(2028, 2, 28), date(2028, 3, 1)) == [
        date(2028, 2, 28),
        date(2028, 2, 29),
        date(2028, 3, 1),
    ]
