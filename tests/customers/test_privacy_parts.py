"""What the apps beside the record hold: orders stay without a name, events go, a shared device stays."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.commerce.models import Order, OrderLine, Refund
from apps.core import personal_data
from apps.customers.actions import privacy
from apps.customers.models import Customer, Identifier, PrivacyRequest
from apps.customers.subject import subject_of
from apps.tracking.models import ChangedDay, Event, QuarantinedEvent, Source, Todo

pytestmark = pytest.mark.django_db


def erase(customer: Customer, by: Membership) -> PrivacyRequest:
    request = privacy.open_request(customer, kind="erasure", by=by, now=timezone.now())
    privacy.carry_out(request, by=by, now=timezone.now())
    assert privacy.work_next(now=timezone.now())
    request.refresh_from_db()
    assert request.state == "done", request.last_error
    return request


def known_as(customer: Customer, kind: str, value: str, now: datetime) -> None:
    Identifier.objects.create(
        organization=customer.organization, customer=customer, kind=kind, value=value, source="x", first_seen_at=now
    )


def test_orders_stay_and_say_nobody(
    customer: Customer, organization: Organization, manager: Membership, now: datetime
) -> None:
    order = Order.objects.create(
        organization=organization,
        customer=customer,
        customer_reference="4711",
        number="1001",
        external_id="1001",
        placed_at=now,
        currency="EUR",
        total=Decimal(10),
    )
    OrderLine.objects.create(
        organization=organization,
        order=order,
        line_number=1,
        quantity=1,
        unit_price=10,
        line_total=10,
        occurred_at=now,
    )
    Refund.objects.create(
        organization=organization,
        order=order,
        external_id="r1",
        amount=1,
        currency="EUR",
        reason="Ada was unhappy",
        refunded_at=now,
    )
    request = erase(customer, manager)

    order.refresh_from_db()
    assert (order.customer, order.customer_reference, order.total) == (None, "", Decimal(10))
    assert OrderLine.objects.count() == 1
    assert Refund.objects.get().reason == ""
    assert ("commerce.Order", 1) in {(line["rows_of"], line["rows"]) for line in request.certificate["anonymised"]}


@pytest.fixture
def source(organization: Organization) -> Source:
    return Source.objects.create(organization=organization, name="Shop", kind="browser", key_sha256="0" * 64)


def event(source: Source, person: str, now: datetime) -> Event:
    return Event.objects.create(
        organization_id=source.organization_id,
        source=source,
        received_at=now,
        timestamp=now,
        type="track",
        name="Seen",
        message_id=uuid.uuid4().hex,
        person=person,
        body={},
    )


def test_events_go_but_a_shared_device_stays(
    customer: Customer, organization: Organization, manager: Membership, source: Source
) -> None:
    now = timezone.now()
    other = Customer.objects.create(organization=organization, name="Bob", email="bob@example.com")
    known_as(customer, "user_id", "ada-1", now)
    known_as(customer, "anonymous_id", "phone", now)
    known_as(customer, "anonymous_id", "tablet", now)
    known_as(other, "anonymous_id", "tablet", now)
    for person in ("u:ada-1", "a:phone", "a:tablet", "u:bob"):
        event(source, person, now)
    bodies: list[dict[str, Any]] = [{"userId": "ada-1"}, {"traits": {"email": "ada@example.com"}}, {"userId": "bob"}]
    for body in bodies:
        QuarantinedEvent.objects.create(
            organization=organization,
            source=source,
            received_at=now,
            reason="conflict",
            fingerprint=uuid.uuid4(),
            body=body,
        )
    Todo.objects.create(organization=organization, kind="observe", source=source, at=now, data={"user_id": "ada-1"})
    ChangedDay.objects.create(organization=organization, day=now.date(), person="u:ada-1", changed_at=now)

    erase(customer, manager)
    assert set(Event.objects.values_list("person", flat=True)) == {"a:tablet", "u:bob"}
    assert [row.body for row in QuarantinedEvent.objects.all()] == [{"userId": "bob"}]
    assert not Todo.objects.exists() and not ChangedDay.objects.exists()
    assert privacy.is_erased(organization.pk, [("user_id", "ada-1", "")]) == {("user_id", "ada-1", "")}


def test_a_preview_changes_nothing_and_counts_what_then_goes(
    customer: Customer, organization: Organization, manager: Membership, source: Source
) -> None:
    now = timezone.now()
    known_as(customer, "user_id", "ada-1", now)
    event(source, "u:ada-1", now)
    before = {
        count.holding.label: count.number for count in personal_data.counts(subject_of(organization.pk, [customer.pk]))
    }
    request = erase(customer, manager)
    rows = {line["rows_of"]: line["rows"] for line in request.certificate["erased"]}
    assert rows["tracking.Event"] == before["tracking.Event"] == 1
    assert rows["customers.Visit"] == before["customers.Visit"] == 1
