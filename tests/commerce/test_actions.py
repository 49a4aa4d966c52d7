"""Orders come, change, are paid, refunded and called off."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Membership, Organization
from apps.commerce import actions
from apps.commerce.actions import CategoryDraft, OrderChange, Outcome, PaymentDraft, ProductDraft, RefundDraft
from apps.commerce.models import Category, Order, OrderLine, OrderStatus, Payment, Product
from apps.core.models import AuditEntry, OutboxEvent
from apps.core.refused import Refused
from apps.customers.models import Customer, Identifier, IdentifierKind
from tests.commerce.conftest import BY, NOW, Place, line, order_draft


def announced(name: str) -> list[dict[str, Any]]:
    return [event.payload for event in OutboxEvent.objects.filter(name=f"commerce.{name}").order_by("id")]


def test_order_with_lines(organization: Organization, customer: Customer, product: Product, place: Place) -> None:
    order = place(
        customer_id=customer.pk,
        lines=(line("2", "12.50", product_external_id="p1"), line("-1", "5", discount=Decimal("0.5"))),
        shipping_total=Decimal(4),
        discount_total=Decimal(1),
    )
    assert (order.subtotal, order.total) == (Decimal("19.5"), Decimal("22.5"))
    assert (order.item_count, order.line_count, order.currency) == (Decimal(1), 2, "EUR")
    assert [row.line_total for row in order.lines.order_by("line_number")] == [Decimal(25), Decimal("-5.5")]
    assert order.lines.get(line_number=1).product == product
    assert announced("OrderPlaced") == [{"order_id": order.pk, "customer_id": customer.pk}]
    assert AuditEntry.objects.get(action="orders.stored").object_id == str(order.pk)


def test_total_of_the_source_is_believed(place: Place) -> None:
    assert place(total=Decimal("24.99")).total == Decimal("24.99")


def test_same_draft_again_changes_nothing(organization: Organization, place: Place) -> None:
    first = place()
    before = OutboxEvent.objects.count()
    [again] = actions.upsert_orders([order_draft()], organization=organization, by=BY, now=NOW)
    assert again.outcome == Outcome.UNCHANGED
    assert again.get().version == first.version
    assert OutboxEvent.objects.count() == before


def test_same_draft_keeps_what_a_person_changed(manager: Membership, place: Place) -> None:
    order = place()
    actions.update_order(order, OrderChange(status=OrderStatus.SHIPPED), by=manager, now=NOW)
    assert place().status == OrderStatus.SHIPPED


def test_changed_draft_replaces_the_lines(organization: Organization, place: Place) -> None:
    order = place()
    place(lines=(line("1", "3"), line("1", "4")))
    order.refresh_from_db()
    assert (order.total, order.line_count, order.version) == (Decimal(7), 2, 2)
    assert [row.unit_price for row in OrderLine.objects.order_by("line_number")] == [3, 4]
    [event] = announced("OrderChanged")
    assert "lines" in event["fields"]
    assert "total" in event["fields"]


def test_unknown_customer_is_found_by_the_reference_of_the_source(
    organization: Organization, customer: Customer, place: Place
) -> None:
    assert place(external_id="1", customer_reference="C9").customer is None
    Identifier.objects.create(
        organization=organization, customer=customer, kind=IdentifierKind.EXTERNAL, system="shop", value="C9",
        source="shop", first_seen_at=NOW,
    )  # fmt: skip
    assert place(external_id="2", customer_reference="C9").customer == customer


def test_later_draft_without_customer_keeps_the_one_a_person_gave(
    manager: Membership, customer: Customer, place: Place
) -> None:
    actions.update_order(place(), OrderChange(customer_id=customer.pk), by=manager, now=NOW)
    assert place(number="changed").customer == customer


def test_each_item_has_its_own_outcome(organization: Organization, stranger: Membership, place: Place) -> None:
    place(external_id="same")
    theirs = Product.objects.create(organization=stranger.organization, external_id="x", name="Theirs")
    drafts = [
        order_draft(external_id="same"),
        order_draft(external_id="new"),
        order_draft(external_id="new"),
        order_draft(external_id="stolen", lines=(line(product_id=theirs.pk),)),
        order_draft(external_id="who", customer_id=10**9),
        order_draft(external_id="twice", lines=(line(line_number=1), line(line_number=1))),
        order_draft(external_id="huge", lines=(line("1", "1e11"),)),
        order_draft(external_id="fine", lines=(line("1", "0.00001"),)),
        order_draft(external_id="status", status="lost"),
        order_draft(external_id="x" * 101),
        order_draft(external_id="euro", currency="Euro"),
        order_draft(external_id="nan", shipping_total=Decimal("NaN")),
    ]
    results = actions.upsert_orders(drafts, organization=organization, by=BY, now=NOW)
    codes = [result.refused.code if result.refused else str(result.outcome) for result in results]
    assert codes == [
        "unchanged", "created", "twice", "no_such_product", "no_such_customer", "line_twice", "bad_number",
        "bad_number", "bad_status", "bad_key", "bad_currency", "bad_number",
    ]  # fmt: skip
    assert Order.objects.count() == 2


def test_statements_do_not_grow_with_the_orders(organization: Organization) -> None:
    def statements(count: int, start: int) -> int:
        drafts = [order_draft(external_id=str(start + n), is_test=True) for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            actions.upsert_orders(drafts, organization=organization, by=BY, now=NOW)
        return len(queries)

    # SQLite cuts a long INSERT into a few.
    assert statements(50, 100) <= statements(5, 1000) + 3


def test_too_many_at_once(organization: Organization) -> None:
    with pytest.raises(Refused, match="500"):
        actions.upsert_orders([order_draft()] * 501, organization=organization, by=BY, now=NOW)


def test_test_orders_announce_nothing(place: Place) -> None:
    place(is_test=True)
    assert announced("OrderPlaced") == []


def test_cancel(manager: Membership, place: Place) -> None:
    order = actions.cancel_order(place(), by=manager, now=NOW, reason="Out of stock")
    assert (order.status, order.cancelled_at, order.counts) == (OrderStatus.CANCELLED, NOW, False)
    assert AuditEntry.objects.get(action="order.cancelled").after["reason"] == "Out of stock"
    with pytest.raises(Refused) as refused:
        actions.cancel_order(order, by=manager, now=NOW)
    assert refused.value.code == "already_cancelled"
    assert len(announced("OrderCancelled")) == 1


def test_cancellation_by_the_source_is_announced_once(place: Place) -> None:
    place()
    place(status=OrderStatus.CANCELLED)
    place(status=OrderStatus.CANCELLED, number="other")
    assert len(announced("OrderCancelled")) == 1


def test_change_to_cancelled_is_a_cancellation_and_back_is_none(manager: Membership, place: Place) -> None:
    order = actions.update_order(place(), OrderChange(status=OrderStatus.CANCELLED), by=manager, now=NOW)
    assert order.cancelled_at == NOW
    order = actions.update_order(order, OrderChange(status=OrderStatus.COMPLETED), by=manager, now=NOW)
    assert (order.cancelled_at, order.version) == (None, 3)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"customer_id": 10**9}, "no_such_customer"),
        ({"branch_id": 10**9}, "no_such_branch"),
        ({"status": "lost"}, "bad_status"),
        ({"channel": "pigeon"}, "bad_channel"),
    ],
)
def test_change_that_cannot_be(manager: Membership, place: Place, change: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        actions.update_order(place(), OrderChange(**change), by=manager, now=NOW)
    assert refused.value.code == code


def test_change_of_nothing_does_nothing(manager: Membership, place: Place) -> None:
    order = actions.update_order(place(), OrderChange(status=OrderStatus.COMPLETED), by=manager, now=NOW)
    assert order.version == 1
    assert announced("OrderChanged") == []


def test_payments_and_refunds_add_up(manager: Membership, place: Place) -> None:
    order = place()
    for _again in range(2):
        actions.record_payment(
            order, PaymentDraft(amount=Decimal(20), paid_at=NOW, external_id="pay1"), by=manager, now=NOW
        )
    actions.record_payment(order, PaymentDraft(amount=Decimal(5), paid_at=NOW), by=manager, now=NOW)
    actions.record_refund(order, RefundDraft(amount=Decimal("2.5"), refunded_at=NOW), by=manager, now=NOW)
    order.refresh_from_db()
    assert (order.paid_total, order.refunded_total, order.net_total) == (Decimal(25), Decimal("2.5"), Decimal("22.5"))
    assert len(announced("PaymentReceived")) == 2
    assert len(announced("OrderRefunded")) == 1
    assert order.version == 4


def test_payment_of_another_order(manager: Membership, place: Place) -> None:
    draft = PaymentDraft(amount=Decimal(20), paid_at=NOW, external_id="pay1")
    actions.record_payment(place(external_id="1"), draft, by=manager, now=NOW)
    with pytest.raises(Refused) as refused:
        actions.record_payment(place(external_id="2"), draft, by=manager, now=NOW)
    assert refused.value.code == "other_order"


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_refund_is_above_zero(manager: Membership, place: Place, amount: str) -> None:
    with pytest.raises(Refused) as refused:
        actions.record_refund(place(), RefundDraft(amount=Decimal(amount), refunded_at=NOW), by=manager, now=NOW)
    assert refused.value.code == "not_positive"


def test_payment_that_came_before_its_order(organization: Organization, place: Place) -> None:
    payment = Payment.objects.create(
        organization=organization, source="shop", external_id="pay", order_reference="1001", amount=Decimal(25),
        currency="EUR", paid_at=NOW,
    )  # fmt: skip
    order = place()
    payment.refresh_from_db()
    assert payment.order == order
    assert order.paid_total == 25


def test_sums_after_an_import(organization: Organization) -> None:
    order = Order.objects.create(
        organization=organization, external_id="1", number="1", placed_at=NOW, currency="EUR", shipping_total=Decimal(3)
    )
    OrderLine.objects.create(
        organization=organization, order=order, line_number=1, quantity=Decimal("1.5"), unit_price=Decimal(2),
        line_total=Decimal(3), occurred_at=NOW,
    )  # fmt: skip
    actions.count_lines([order.pk])
    order.refresh_from_db()
    assert (order.subtotal, order.total, order.item_count, order.line_count) == (
        Decimal(3),
        Decimal(6),
        Decimal("1.5"),
        1,
    )


def test_categories_in_any_order_form_a_tree(organization: Organization, manager: Membership) -> None:
    drafts = [
        CategoryDraft(name="Desk lamps", external_id="b", source="shop", parent_external_id="a"),
        CategoryDraft(name="Lamps", external_id="a", source="shop"),
    ]
    for expected in (Outcome.CREATED, Outcome.UNCHANGED):
        results = actions.upsert_categories(drafts, organization=organization, by=manager, now=NOW)
        assert [result.outcome for result in results] == [expected, expected]
    assert Category.objects.get(external_id="b").parent == Category.objects.get(external_id="a")


def test_category_cannot_stand_below_itself(organization: Organization, manager: Membership) -> None:
    who: dict[str, Any] = {"by": manager, "now": NOW}
    above = actions.upsert_category(CategoryDraft(name="Lamps"), organization=organization, **who)
    below = actions.upsert_category(CategoryDraft(name="Desk", parent_id=above.pk), organization=organization, **who)
    with pytest.raises(Refused) as refused:
        actions.update_category(above, CategoryDraft(name="Lamps", parent_id=below.pk), **who)
    assert refused.value.code == "circle"


def test_product_changes_and_says_what(organization: Organization, manager: Membership, product: Product) -> None:
    later = NOW + timedelta(hours=1)
    changed = actions.update_product(product, ProductDraft(name="Red lamp", price=Decimal(9)), by=manager, now=later)
    assert (changed.name, changed.price, changed.version, changed.updated_at) == ("Red lamp", Decimal(9), 2, later)
    assert AuditEntry.objects.get(action="product.updated").before["name"] == "Blue lamp"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "  "}, "name_missing"),
        ({"name": "x" * 301}, "name_too_long"),
        ({"name": "x", "category_id": 10**9}, "no_such_category"),
        ({"name": "x", "category_external_id": "nope"}, "no_such_category"),
        ({"name": "x", "price": Decimal("1e20")}, "bad_number"),
    ],
)
def test_product_that_cannot_be(
    organization: Organization, manager: Membership, fields: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        actions.upsert_product(ProductDraft(**fields), organization=organization, by=manager, now=NOW)
    assert refused.value.code == code
