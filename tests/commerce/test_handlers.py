"""What happens to orders stands on the customer's timeline."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from apps.accounts.models import Membership
from apps.commerce import actions
from apps.commerce.actions import OrderChange, PaymentDraft, RefundDraft
from apps.core.models import OutboxEvent
from apps.customers.models import Customer, Domain, TimelineEntry
from tests.commerce.conftest import NOW, Place

Deliver = Callable[[], int]


def titles(customer: Customer) -> list[str]:
    entries = TimelineEntry.objects.filter(customer=customer, domain=Domain.COMMERCE).order_by("id")
    return list(entries.values_list("title", flat=True))


def test_story_of_an_order(manager: Membership, customer: Customer, place: Place, deliver_events: Deliver) -> None:
    order = place(customer_id=customer.pk)
    actions.record_payment(order, PaymentDraft(amount=Decimal(25), paid_at=NOW), by=manager, now=NOW)
    actions.record_refund(order, RefundDraft(amount=Decimal(5), refunded_at=NOW), by=manager, now=NOW)
    actions.cancel_order(order, by=manager, now=NOW)
    deliver_events()
    assert titles(customer) == [
        "Order 1001, 25.00 EUR",
        "25.00 EUR paid for order 1001",
        "5.00 EUR refunded for order 1001",
        "Order 1001 cancelled",
    ]
    entry = TimelineEntry.objects.filter(customer=customer, kind="order").get()
    assert (entry.at, entry.reference) == (NOW, f"/orders/{order.pk}/")


def test_event_delivered_twice_is_told_once(customer: Customer, place: Place, deliver_events: Deliver) -> None:
    place(customer_id=customer.pk)
    deliver_events()
    OutboxEvent.objects.update(delivered_at=None, next_attempt_at=NOW)
    for event in OutboxEvent.objects.all():
        event.receipts.all().delete()
    deliver_events()
    assert titles(customer) == ["Order 1001, 25.00 EUR"]


def test_order_of_nobody_is_told_when_the_customer_is_known(
    manager: Membership, customer: Customer, place: Place, deliver_events: Deliver
) -> None:
    order = place()
    deliver_events()
    assert not TimelineEntry.objects.filter(domain=Domain.COMMERCE).exists()
    actions.update_order(order, OrderChange(customer_id=customer.pk), by=manager, now=NOW)
    deliver_events()
    assert titles(customer) == ["Order 1001, 25.00 EUR"]


def test_order_that_is_gone_is_passed_over(customer: Customer, place: Place, deliver_events: Deliver) -> None:
    place(customer_id=customer.pk).delete()
    deliver_events()
    assert titles(customer) == []
    assert not OutboxEvent.objects.filter(last_error__gt="").exists()
