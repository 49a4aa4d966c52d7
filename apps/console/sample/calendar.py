"""When people buy: seasons, weekdays, holidays."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

DAYS = 730
# Sunglasses in early summer, presents before Christmas.
MONTHS = (0.8, 0.75, 0.95, 1.05, 1.2, 1.25, 1.05, 0.8, 0.95, 1.0, 1.2, 1.6)
# Monday to Sunday; the shops are closed on Sundays, the online shop is not.
WEEKDAYS = (0.9, 0.9, 0.95, 1.0, 1.15, 1.4, 0.35)
HOLIDAYS = {(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)}
HOLIDAY = 0.1
HEAVIEST = max(MONTHS) * max(WEEKDAYS)


def weight(day: date) -> float:
    """How much is bought on this day, relative to an ordinary one."""
    base = MONTHS[day.month - 1] * WEEKDAYS[day.weekday()]
    return base * HOLIDAY if (day.month, day.day) in HOLIDAYS else base


def day_between(dice: random.Random, first: date, last: date) -> date:
    """A day of this span, as likely as its weight says."""
    span = max((last - first).days, 0)
    for _try in range(60):
        day = first + timedelta(days=dice.randint(0, span))
        if dice.random() * HEAVIEST <= weight(day):
            return day
    return last


def moment(dice: random.Random, day: date) -> datetime:
    """A moment of the opening hours."""
    minutes = dice.randint(9 * 60, 18 * 60 + 59)
    return datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, dice.randint(0, 59), tzinfo=UTC)
