"""What tracking announces."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class EventsReceived(Event):
    """Behaviour events came in between two moments (ISO 8601, the first excluded): one announcement for all of them."""

    source_id: int
    count: int
    since: str
    until: str


@dataclass(frozen=True, kw_only=True)
class DaysChanged(Event):
    """Days that were over have got events since: what was computed for them is out of date (`ChangedDay`)."""

    days: list[str]
