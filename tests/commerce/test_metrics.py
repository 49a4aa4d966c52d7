"""Every number has a grain, and a join that would count something twice raises."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from apps.accounts.models import Membership, Organization
from apps.commerce import actions
from apps.commerce.actions import PaymentDraft, RefundDraft
from apps.commerce.metrics_catalogue import (
    AVERAGE_ORDER_VALUE,
    ITEMS,
    LINE_REVENUE,
    METRICS,
    ORDERS,
    PAID,
    REFUNDED,
    REVENUE,
    FanOut,
    Grain,
    joined,
    totals,
)
from apps.commerce.models import Order, OrderLine, OrderStatus, Payment, Product
from tests.commerce.conftest import NOW, Place, line


@pytest.fixture
def paid_twice(place: Place, manager: Membership) -> Order:
    """Three lines and two payments: a join has six rows."""
    order = place(lines=(line("1", "10"), line("1", "20"), line("1", "30")))
    for amount in (40, 20):
        actions.record_payment(order, PaymentDraft(amount=Decimal(amount), paid_at=NOW), by=manager, now=NOW)
    return order


def test_all_metrics_of_one_order(organization: Organization, manager: Membership, paid_twice: Order) -> None:
    actions.record_refund(paid_twice, RefundDraft(amount=Decimal(5), refunded_at=NOW), by=manager, now=NOW)
    found = totals(list(METRICS.values()), organization, currency="EUR")
    assert found == {
        "revenue": 60, "orders": 1, "average_order_value": 60, "customers": 0, "items": 3, "line_revenue": 60,
        "paid": 60, "refunds": 5,
    }  # fmt: skip


def test_join_that_fans_out_raises(paid_twice: Order) -> None:
    rows = Payment.objects.filter(order__lines__quantity__gt=0)
    assert rows.aggregate(wrong=Sum("amount"))["wrong"] == 180
    with pytest.raises(FanOut) as fan_out:
        joined([PAID], rows)
    assert (fan_out.value.metric, fan_out.value.grain) == (PAID, Grain.LINE)


@pytest.mark.parametrize("path", ["payments__amount__gt", "refunds__amount__gt", "lines__quantity__gt"])
def test_orders_joined_to_their_parts_raise(path: str) -> None:
    with pytest.raises(FanOut):
        joined([REVENUE, ORDERS], Order.objects.filter(**{path: 0}))


def test_lines_joined_to_payments_raise() -> None:
    with pytest.raises(FanOut):
        joined([ITEMS, LINE_REVENUE], OrderLine.objects.filter(order__payments__amount__gt=0))


@pytest.mark.django_db
def test_join_that_leads_to_one_row_is_added_up(paid_twice: Order, product: Product) -> None:
    assert joined([PAID], Payment.objects.filter(order__status=OrderStatus.COMPLETED)) == {"paid": 60}
    through_select = Payment.objects.filter(order__in=OrderLine.objects.values("order"))
    assert joined([PAID], through_select) == {"paid": 60}
    assert joined([ITEMS], OrderLine.objects.filter(product__category=None)) == {"items": 3}


def test_what_does_not_count_is_in_no_metric(organization: Organization, place: Place) -> None:
    place(external_id="1", status=OrderStatus.CANCELLED)
    place(external_id="2", is_test=True)
    place(external_id="3", currency="USD")
    place(external_id="4", placed_at=NOW - timedelta(days=40))
    found = totals([REVENUE, AVERAGE_ORDER_VALUE, ITEMS], organization, currency="EUR", since=NOW - timedelta(days=30))
    assert found == {"revenue": 0, "average_order_value": None, "items": 0}


def test_credit_note_lowers_revenue_and_is_no_order(organization: Organization, place: Place) -> None:
    place(external_id="1", lines=(line("1", "30"),))
    place(external_id="2", lines=(line("1", "10"),))
    place(external_id="3", lines=(line("-1", "10"),))
    assert totals([AVERAGE_ORDER_VALUE], organization, currency="EUR")["average_order_value"] == 15


def test_strangers_orders_are_not_counted(other_organization: Organization, paid_twice: Order) -> None:
    found = totals([REVENUE, PAID, REFUNDED], other_organization, currency="EUR")
    assert found == {"revenue": 0, "paid": 0, "refunds": 0}


def test_many_orders_joined_to_their_items_come_to_another_sum(
    organization: Organization, manager: Membership, place: Place
) -> None:
    """What happens with real shops: most orders have one item and one payment, and the few others spoil the sum."""
    # Items and payments of each order.
    for number, (items, parts) in enumerate([(1, ["20.10"]), (3, ["12.34"]), (2, ["5", "5.01"]), (0, ["7.77"])]):
        order = place(external_id=str(number), lines=(line("1", "10"),) * items)
        for part in parts:
            actions.record_payment(order, PaymentDraft(amount=Decimal(part), paid_at=NOW), by=manager, now=NOW)
    mine = Payment.objects.owned_by(organization)
    assert joined([PAID], mine) == {"paid": Decimal("50.22")}
    with_items = mine.filter(order__lines__line_number__gt=0)
    assert with_items.aggregate(s=Sum("amount"))["s"] == Decimal("77.14")
    with pytest.raises(FanOut):
        joined([PAID], with_items)
    found = totals([PAID, ITEMS], organization, currency="EUR")
    assert found == {"paid": Decimal("50.22"), "items": 6}
