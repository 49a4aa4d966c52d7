"""Days of a filter, up to the ends of the calendar and over the change of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.core import days

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_range_holds_its_last_day() -> None:
    assert days.moments(date(2026, 5, 1), date(2026, 5, 2), UTC) == (
        datetime(2026, 5, 1, tzinfo=UTC),
        datetime(2026, 5, 3, tzinfo=UTC),
    )


def test_open_sides_stay_open() -> None:
    assert days.moments(None, None, UTC) == (None, None)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)])
def test_the_day_on_which_the_clock_changes_is_as_long_as_it_is(day: date, hours: int) -> None:
    start, end = days.moments(day, day, BERLIN)
    assert start and end
    assert (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds() == hours * 3600


@pytest.mark.parametrize("zone", [UTC, BERLIN, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Niue")])
@pytest.mark.parametrize("day", [date.min, date.max, date(1899, 12, 31), date(2999, 12, 31)])
def test_ends_of_the_calendar_can_be_stored(day: date, zone: ZoneInfo) -> None:
    for moment in days.moments(day, day, zone):
        assert moment is None or moment.astimezone(UTC)
