"""What follows from stored events: who somebody is, what they agreed to, entries on the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.urls import reverse

from apps.accounts.models import Organization
from apps.core.audit import System
from apps.core.refused import Refused
from apps.customers import actions as customers
from apps.customers.actions import CustomerDetails, identity, privacy
from apps.customers.identity import Seen, key_of
from apps.customers.models import (
    Channel,
    ConsentMethod,
    Customer,
    Domain,
    Identifier,
    IdentifierKind,
    Purpose,
)
from apps.tracking import queries
from apps.tracking.actions.forgetting import forget_erased
from apps.tracking.metrics import FOLLOWED
from apps.tracking.models import Event, PlanEvent, Todo, TodoKind, TrackingSettings
from apps.tracking.models.event import DEVICE, USER

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(days=1)
MOST_COUNTED = 1000
EARLIER_EVENTS = 200
BY = System("events")


def follow_next(*, now: datetime) -> bool:
    """Do the oldest piece of work that nobody else has in hand; False when there is none."""
    with transaction.atomic():
        waiting = Todo.objects.due(now).order_by("id")
        if connection.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(skip_locked=True)
        todo = waiting.first()
        if todo is None:
            return False
        try:
            with transaction.atomic():
                outcome = _do(todo, now)
        except Exception:
            log.exception("event_todo_failed", todo_id=todo.pk, kind=todo.kind)
            # For ever, but ever more rarely: what is wrong may be put right, and the gauge shows that it is stuck.
            pause = min(FIRST_PAUSE * 4 ** min(todo.attempts, 10), LONGEST_PAUSE)
            todo.attempts, todo.not_before = min(todo.attempts + 1, MOST_COUNTED), now + pause
            todo.save(update_fields=["attempts", "not_before"])
            FOLLOWED.labels(todo.kind, "failed").inc()
        else:
            todo.delete()
            FOLLOWED.labels(todo.kind, outcome).inc()
    return True


def _do(todo: Todo, now: datetime) -> str:
    if todo.kind == TodoKind.TIMELINE:
        return _tell_timeline(todo)
    return _observe(todo, now)


def _observe(todo: Todo, now: datetime) -> str:
    names = names_in(todo.data)
    known = [(key.kind, key.value, key.system) for name in names if (key := key_of(name))]
    if not known:
        return "nobody"
    if privacy.is_erased(todo.organization_id, known):
        forget_erased(todo.organization_id, Event.objects.owned_by(todo.organization_id).of_persons(_persons_in(todo)))
        return "erased"
    # Two calls about the same newcomer must not make two customers.
    identity.lock(todo.organization_id, *names)
    customer = _find(todo.organization_id, names)
    outcome = "known"
    if customer is None:
        if todo.data["type"] != "identify" or not any(kind != IdentifierKind.ANONYMOUS_ID for kind, *_ in known):
            return "nobody"
        customer, outcome = _create(todo, now)
    else:
        _complete(customer, todo.data, now)
    evidence = {"call": todo.data["type"], "at": todo.at.isoformat()}
    head = identity.observe(customer, names, source=f"events:{todo.source_id}", by=BY, now=now, evidence=evidence)
    _record_consent(head, todo, now)
    _tell_earlier(head, todo)
    return outcome


def names_in(data: Mapping[str, Any]) -> list[Seen]:
    """The names that a call gives somebody. The previous id of an alias is a device: two user ids never become one
    customer by an event."""
    found = [
        (IdentifierKind.USER_ID, data.get("user_id")),
        (IdentifierKind.EMAIL, data.get("email")),
        (IdentifierKind.ANONYMOUS_ID, data.get("anonymous_id")),
        (IdentifierKind.ANONYMOUS_ID, data.get("previous_id")),
    ]
    return [Seen(kind.value, value) for kind, value in found if value]


def _find(organization_id: int, names: list[Seen]) -> Customer | None:
    """The record known by the first of these names that anybody is known by."""
    for name in names:
        key = key_of(name)
        if key is None:
            continue
        live = Identifier.objects.owned_by(organization_id).live().named(key.kind, key.value, key.system)
        found = live.select_related("customer").order_by("customer_id").first()
        if found is not None:
            return found.customer
        if key.kind == IdentifierKind.EMAIL:
            by_email = Customer.objects.owned_by(organization_id).filter(email=key.value).order_by("id").first()
            if by_email is not None:
                return by_email
    return None


def _create(todo: Todo, now: datetime) -> tuple[Customer, str]:
    organization = Organization.objects.get(pk=todo.organization_id)
    traits = todo.data.get("traits") or {}
    name = _name_in(traits) or todo.data.get("email") or todo.data["user_id"]
    details = [
        CustomerDetails(name, todo.data.get("email", ""), traits.get("phone", "")),
        # A number or an address that is none must not keep the person out.
        CustomerDetails(name, todo.data.get("email", "")),
        CustomerDetails(name),
    ]
    for attempt in details[:-1]:
        try:
            with transaction.atomic():
                return customers.create_customer(attempt, organization=organization, by=BY, now=now), "created"
        except Refused:
            continue
    return customers.create_customer(details[-1], organization=organization, by=BY, now=now), "created"


def _complete(customer: Customer, data: Mapping[str, Any], now: datetime) -> None:
    """Give a customer whose name was only a stand-in the name that the event brings."""
    name = _name_in(data.get("traits") or {})
    if not name or customer.name not in (customer.email, data.get("user_id")) or customer.name == name:
        return
    details = CustomerDetails(
        name, customer.email, customer.mobile, customer.language, customer.time_zone, customer.preferred_channel
    )
    customers.update_customer(customer, details, by=BY, now=now)


def _name_in(traits: Mapping[str, Any]) -> str:
    name = str(traits.get("name") or f"{traits.get('firstName', '')} {traits.get('lastName', '')}")
    return " ".join(name.split())[:200]


def _record_consent(customer: Customer, todo: Todo, now: datetime) -> None:
    said: Mapping[str, bool] = todo.data.get("consent") or {}
    if not said:
        return
    settings = TrackingSettings.objects.owned_by(todo.organization_id).first()
    for category, target in (settings.consent_categories if settings else {}).items():
        if category not in said:
            continue
        purpose, _colon, channel = target.partition(":")
        words: dict[str, Any] = {"purpose": Purpose(purpose), "channel": Channel(channel or Channel.EMAIL)}
        words |= {"method": ConsentMethod.EVENT, "by": BY, "now": now, "reason": category}
        try:
            with transaction.atomic():
                if said[category]:
                    customers.record_consent(customer, **words)
                else:
                    customers.withdraw_consent(customer, **words)
        except Refused as refused:
            # No address for this channel: there is nobody to whom the yes could apply.
            FOLLOWED.labels("consent", refused.code).inc()


def _tell_timeline(todo: Todo) -> str:
    events = Event.objects.owned_by(todo.organization_id).filter(
        person=todo.data["person"], source=todo.source_id, message_id=todo.data["message"]
    )
    event = events.order_by("-received_at").first()
    customer_id = queries.customer_of(todo.organization_id, [todo.data["person"]]).get(todo.data["person"])
    if event is None or customer_id is None:
        # It is told when the person is known by this name (`_tell_earlier`).
        return "nobody"
    _tell(event, customer_id)
    return "told"


def _tell_earlier(customer: Customer, todo: Todo) -> None:
    """The key events of somebody who has just got a name."""
    keys = PlanEvent.objects.owned_by(todo.organization_id).filter(is_key_event=True)
    if not keys.exists():
        return
    events = Event.objects.owned_by(todo.organization_id).of_persons(_persons_in(todo))
    events = events.filter(name__in=keys.values("name"))
    for event in events.order_by("-received_at", "-id")[:EARLIER_EVENTS]:
        _tell(event, customer.pk)


def _persons_in(todo: Todo) -> list[str]:
    """The names (`Event.person`) under which the sender of this call knows somebody."""
    named = [
        (USER, todo.data.get("user_id")),
        (DEVICE, todo.data.get("anonymous_id")),
        (DEVICE, todo.data.get("previous_id")),
    ]
    return [mark + value for mark, value in named if value]


def _tell(event: Event, customer_id: int) -> None:
    customers.add_to_timeline(
        organization_id=event.organization_id,
        customer_id=customer_id,
        at=event.timestamp,
        domain=Domain.TRACKING,
        kind=event.type,
        title=str(event),
        reference=reverse("tracking:event_detail", args=[event.pk]),
        source_event=f"tracking.Event:{event.source_id}:{event.message_id}",
    )
