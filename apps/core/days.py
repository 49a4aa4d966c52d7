"""Days that a person chose in a filter, as moments that a database can compare with."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

# Days outside narrow nothing: near the ends of the calendar neither the next day nor UTC can be computed.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


def moments(since: date | None, until: date | None, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """The first moment of `since` and the first one after `until`, in `zone`; None where a side is open."""
    start = midnight(min(since, LAST_DAY), zone) if since and since >= FIRST_DAY else None
    end = midnight(max(until, FIRST_DAY) + timedelta(days=1), zone) if until and until < LAST_DAY else None
    return start, end


def midnight(day: date, zone: tzinfo) -> datetime:
    """When the day begins there."""
    return datetime.combine(day, time.min, tzinfo=zone)
