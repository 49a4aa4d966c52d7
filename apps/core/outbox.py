"""Events between the apps: `announce` with the change that made it true, `subscribe` in `handlers.py` of who reacts.

An event is a row written with the change (so it exists exactly when the change exists). After commit a worker is
woken; beat delivers what was left behind by a killed worker or an absent broker. A subscriber runs at least once and
its receipt is written in its own transaction, so that a second delivery does nothing.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

import structlog
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.core import request_context, waker
from apps.core.models import HandledEvent, OutboxEvent

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)
BATCH = 100
MAX_ATTEMPTS = 8

# `announce` for a change that is one SQL statement on PostgreSQL: the columns that the statement then selects, in this
# order. Call `waker.wake()` afterwards.
INSERT = (
    "INSERT INTO core_outboxevent"
    " (organization_id, name, payload, request_id, announced_at, next_attempt_at, attempts, last_error)"
)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events. Fields hold ids and plain values only: they are stored as JSON."""

    organization_id: int
    name: ClassVar[str]

    def __init_subclass__(cls) -> None:
        app = cls.__module__.split(".")[1]
        cls.name = f"{app}.{cls.__name__}"
        EVENTS[cls.name] = cls


E = TypeVar("E", bound=Event)
Handler = Callable[[E], None]
EVENTS: dict[str, type[Event]] = {}
SUBSCRIBERS: dict[str, dict[str, Handler[Any]]] = {}


def subscribe(event_type: type[E]) -> Callable[[Handler[E]], Handler[E]]:
    """Call the decorated function once for each event of this type, inside a transaction."""

    def register(handler: Handler[E]) -> Handler[E]:
        SUBSCRIBERS.setdefault(event_type.name, {})[f"{handler.__module__}.{handler.__name__}"] = handler
        return handler

    return register


def announce(event: Event) -> None:
    """Store the event with the change at hand; raises RuntimeError outside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError(f"{event.name} announced outside the transaction that makes it true")
    now = timezone.now()
    OutboxEvent.objects.create(
        organization_id=event.organization_id,
        name=event.name,
        payload=payload_of(event),
        request_id=request_context.current().request_id,
        announced_at=now,
        next_attempt_at=now,
    )
    transaction.on_commit(waker.wake)


def payload_of(event: Event) -> dict[str, Any]:
    """What is stored of an event: its fields but the owner."""
    return {key: value for key, value in dataclasses.asdict(event).items() if key != "organization_id"}


def deliver_waiting(*, now: datetime, limit: int = BATCH) -> int:
    """Deliver up to `limit` due events; returns how many were taken. Safe beside any number of other deliverers."""
    events = _claim(now, limit)
    for event in events:
        _deliver(event)
    return len(events)


@transaction.atomic
def _claim(now: datetime, limit: int) -> list[OutboxEvent]:
    due = OutboxEvent.objects.due(now).order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    events = list(due[:limit])
    # The lease: if this worker is killed now, the events are due again when it ends.
    OutboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(next_attempt_at=now + LEASE)
    return events


def _deliver(row: OutboxEvent) -> None:
    event_type = EVENTS.get(row.name)
    errors = []
    with request_context.trace(row.request_id):
        if event_type is None:
            errors.append(f"no such event: {row.name}")
        else:
            handled = set(row.receipts.values_list("subscriber", flat=True))
            event = event_type(organization_id=row.organization_id, **row.payload)
            for subscriber, handler in SUBSCRIBERS.get(row.name, {}).items():
                if subscriber not in handled:
                    try:
                        _hand_over(row, event, subscriber, handler)
                    except Exception as error:
                        log.exception(
                            "event_handler_failed",
                            event_name=row.name,
                            event_id=row.pk,
                            subscriber=subscriber,
                        )
                        errors.append(f"{subscriber}: {type(error).__name__}: {error}")
    _record(row, errors)


def _hand_over(row: OutboxEvent, event: Event, subscriber: str, handler: Handler[Any]) -> None:
    try:
        with transaction.atomic():
            # First the receipt: a rival that delivers the same event waits here and then finds it.
            with transaction.atomic():
                HandledEvent.objects.create(event=row, subscriber=subscriber)
            handler(event)
    except IntegrityError:
        if not HandledEvent.objects.filter(event=row, subscriber=subscriber).exists():
            raise


def _record(row: OutboxEvent, errors: list[str]) -> None:
    now = timezone.now()
    row.attempts += 1
    row.last_error = "\n".join(errors)[:4000]
    if not errors:
        row.delivered_at = now
    elif row.attempts >= MAX_ATTEMPTS:
        row.dead_at = now
    else:
        row.next_attempt_at = now + timedelta(seconds=random.uniform(1, 2 ** (row.attempts + 1)))
    row.save(update_fields=["attempts", "last_error", "delivered_at", "dead_at", "next_attempt_at"])


def revive(row: OutboxEvent, *, now: datetime) -> None:
    """Try a given-up event again from the first attempt."""
    row.dead_at, row.attempts, row.next_attempt_at = None, 0, now
    row.save(update_fields=["dead_at", "attempts", "next_attempt_at"])
    waker.wake()


def forget_delivered(*, before: datetime) -> int:
    """Delete events (and receipts) delivered before this moment; returns how many."""
    return OutboxEvent.objects.filter(delivered_at__lt=before).delete()[0]
