"""Reads about events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.accounts.models import Organization
from apps.core import fastsql
from apps.core.keyset import Keyset, Page
from apps.customers.models import Customer, Identifier, IdentifierKind
from apps.tracking.models import Event, QuarantinedEvent, Source
from apps.tracking.models.event import DEVICE, USER, EventQuerySet

NEWEST = Keyset("-received_at", "-id")
QUARANTINE = Keyset("-id")
COUNTED = 1000
KINDS = {USER: IdentifierKind.USER_ID.value, DEVICE: IdentifierKind.ANONYMOUS_ID.value}
MARKS = {kind: mark for mark, kind in KINDS.items()}

# The first statement of every request with a write key; nothing is kept, so a key that is switched off stops at once.
SENDER = """
SELECT id, organization_id, kind, allowed_origins, accepts_old, plan_version
  FROM tracking_source WHERE key_sha256 = %s AND revoked_at IS NULL
"""
SENDER_OF_ORGANIZATION = SENDER.replace("key_sha256 = %s", "organization_id = %s") + " ORDER BY id LIMIT 2"


def sender_row(key_sha256: str) -> tuple[Any, ...] | None:
    """The source with this write key: the fields of `actions.Sender`. None when there is none that may send."""
    rows = fastsql.execute(SENDER, [key_sha256])
    return rows[0] if rows else None


def sender_rows_of(organization_id: int) -> list[tuple[Any, ...]]:
    """Up to two sources of the organisation that may send."""
    return fastsql.execute(SENDER_OF_ORGANIZATION, [organization_id])


@dataclass(frozen=True)
class EventFilters:
    """What narrows the list. `status`: `violation`, `robot`, `test`, `late` or empty."""

    source_id: int | None = None
    call: str = ""
    name: str = ""
    status: str = ""
    person: str = ""


STATUSES = {
    "violation": {"violations__isnull": False},
    "robot": {"is_bot": True},
    "test": {"is_test": True},
    "late": {"is_late": True},
}


def events(organization: Organization | int, filters: EventFilters) -> EventQuerySet:
    """The events that fit all filters, not yet ordered."""
    found = Event.objects.owned_by(organization)
    if filters.source_id is not None:
        found = found.filter(source=filters.source_id)
    if filters.call:
        found = found.filter(type=filters.call)
    if filters.name.strip():
        found = found.filter(name__icontains=filters.name.strip())
    if filters.status in STATUSES:
        found = found.filter(**STATUSES[filters.status])
    if filters.person:
        found = found.of_persons([USER + filters.person, DEVICE + filters.person])
    return found


def event_page(
    organization: Organization | int, filters: EventFilters, *, cursor: str = "", size: int = 50
) -> Page[Event]:
    """One page, newest first. Raises Refused (`bad_cursor`)."""
    return NEWEST.page(events(organization, filters).select_related("source"), cursor=cursor, size=size)


def quarantine_page(
    organization: Organization | int, *, reason: str = "", state: str = "", cursor: str = "", size: int = 50
) -> Page[QuarantinedEvent]:
    """One page of what was not stored, newest first. Raises Refused (`bad_cursor`)."""
    found = QuarantinedEvent.objects.owned_by(organization).select_related("source")
    if reason:
        found = found.filter(reason=reason)
    if state:
        found = found.filter(state=state)
    return QUARANTINE.page(found, cursor=cursor, size=size)


def persons_of(customer: Customer) -> list[str]:
    """The names (`Event.person`) under which websites and products know this customer."""
    names = Identifier.objects.owned_by(customer.organization_id).live()
    named = names.filter(customer__in=customer.member_ids, kind__in=MARKS).values_list("kind", "value")
    return sorted({MARKS[kind] + value for kind, value in named})


@dataclass(frozen=True)
class Lately:
    """What a source sent last, stored and not stored, each newest first."""

    events: list[Event]
    refused: list[QuarantinedEvent]

    @property
    def mark(self) -> str:
        """Another one as soon as something came in."""
        return f"{self.events[0].pk if self.events else 0}-{self.refused[0].pk if self.refused else 0}"


def lately(source: Source, *, size: int = 25, refused_size: int = 5) -> Lately:
    """The newest calls of one source."""
    events = Event.objects.owned_by(source.organization_id).filter(source=source)
    refused = QuarantinedEvent.objects.owned_by(source.organization_id).filter(source=source)
    return Lately(list(events.order_by("-received_at", "-id")[:size]), list(refused.order_by("-id")[:refused_size]))


@dataclass(frozen=True)
class Activity:
    """What a customer did lately. `count` stops at COUNTED."""

    newest: list[Event]
    count: int

    @property
    def is_more(self) -> bool:
        """Whether there are more than were counted."""
        return self.count >= COUNTED


def activity_of(customer: Customer, *, size: int = 5) -> Activity:
    """The newest events and how many there are."""
    persons = persons_of(customer)
    if not persons:
        return Activity([], 0)
    found = Event.objects.owned_by(customer.organization_id).of_persons(persons)
    count = found.order_by()[:COUNTED].count()
    return Activity(list(found.order_by("-received_at", "-id")[:size]), count)


def customer_events(customer: Customer, *, cursor: str = "", size: int = 50) -> Page[Event]:
    """One page of everything a customer did. Raises Refused (`bad_cursor`)."""
    found = Event.objects.owned_by(customer.organization_id).of_persons(persons_of(customer))
    return NEWEST.page(found.select_related("source"), cursor=cursor, size=size)


def customer_of(organization_id: int, persons: Iterable[str]) -> dict[str, int]:
    """Person → the customer (the head) who is known by this name; a name of several customers is nobody's."""
    found: dict[str, set[int]] = {}
    names = list(dict.fromkeys(persons))
    for mark, kind in KINDS.items():
        values = [name[2:] for name in names if name.startswith(mark)]
        if not values:
            continue
        live = Identifier.objects.owned_by(organization_id).live().filter(kind=kind, system="", value__in=values)
        for value, customer_id, head_id in live.values_list("value", "customer_id", "customer__merged_into"):
            found.setdefault(mark + value, set()).add(head_id or customer_id)
    return {name: next(iter(heads)) for name, heads in found.items() if len(heads) == 1}


def newest_of(organization: Organization | int, sources: Sequence[int]) -> dict[int, datetime]:
    """Source → when it sent last; each from the first entry of an index."""
    found = {}
    for source in sources:
        events = Event.objects.owned_by(organization).filter(source=source)
        last = events.order_by("-received_at", "-id").values_list("received_at", flat=True).first()
        if last is not None:
            found[source] = last
    return found
