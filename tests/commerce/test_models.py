"""Money and quantities in the table, and the questions to orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Avg, QuerySet, Sum
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import Organization
from apps.commerce.models import Category, MoneyField, Order, OrderStatus, Payment, Product, QuantityField
from apps.commerce.models.fixed_point import from_units, units
from apps.customers.models import Customer
from tests.commerce.conftest import NOW, Place, line


@given(st.decimals(min_value="-99999999999", max_value="99999999999", places=4))
def test_amount_comes_back_as_it_was(amount: Decimal) -> None:
    assert from_units(units(amount, 4), 4) == amount


def test_table_holds_whole_numbers(place: Place) -> None:
    order = place(lines=(line("3", "0.001"),))
    with connection.cursor() as cursor:
        cursor.execute("SELECT total, item_count FROM commerce_order WHERE id = %s", [order.pk])
        assert cursor.fetchone() == (30, 3000)
    assert (order.total, order.item_count) == (Decimal("0.0030"), Decimal("3.000"))


def test_sums_and_averages_are_exact_decimals(organization: Organization, place: Place) -> None:
    for number in range(10):
        place(external_id=str(number), lines=(line("1", "0.1"),))
    got = Order.objects.owned_by(organization).aggregate(s=Sum("total"), a=Avg("total"))
    assert got == {"s": Decimal("1.0000"), "a": Decimal("0.1000")}


def test_look_up_compares_decimals(organization: Organization, place: Place) -> None:
    place(lines=(line("1", "12.50"),))
    mine = Order.objects.owned_by(organization)
    assert mine.filter(total__gt=Decimal("12.49")).count() == 1
    assert mine.filter(total__gt=Decimal("12.50")).count() == 0


@pytest.mark.parametrize(
    ("field", "value"), [(MoneyField(), "0.00001"), (QuantityField(), "0.0001"), (MoneyField(), "x")]
)
def test_field_refuses_what_it_cannot_keep(field: MoneyField[Decimal, Decimal], value: str) -> None:
    with pytest.raises(ValidationError):
        field.to_python(value)


def test_natural_key_is_unique_per_source(organization: Organization, other_organization: Organization) -> None:
    for owner, source in ((organization, "a"), (organization, "b"), (other_organization, "a")):
        Product.objects.create(organization=owner, source=source, external_id="1", name="Lamp")
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.create(organization=organization, source="a", external_id="1", name="Lamp")


def test_category_is_not_its_own_parent(organization: Organization) -> None:
    category = Category.objects.create(organization=organization, external_id="1", name="Lamps")
    with pytest.raises(IntegrityError), transaction.atomic():
        Category.objects.filter(pk=category.pk).update(parent=category)


def test_counting_leaves_out_cancelled_and_test_orders(organization: Organization, place: Place) -> None:
    good = place(external_id="1")
    place(external_id="2", status=OrderStatus.CANCELLED)
    place(external_id="3", is_test=True)
    assert list(Order.objects.owned_by(organization).counting()) == [good]


def test_placed_between_takes_the_start_and_not_the_end(organization: Organization, place: Place) -> None:
    place()
    mine = Order.objects.owned_by(organization)
    assert mine.placed_between(NOW, NOW + timedelta(seconds=1)).count() == 1
    assert mine.placed_between(NOW - timedelta(days=1), NOW).count() == 0
    assert mine.placed_between(None, None).count() == 1


def test_orders_of_all_records_of_a_customer(organization: Organization, customer: Customer, place: Place) -> None:
    other = Customer.objects.create(organization=organization, name="G. Hopper", merged_into=customer)
    customer.own = {}
    customer.save(update_fields=["own"])
    ours = {place(external_id="1", customer_id=customer.pk), place(external_id="2", customer_id=other.pk)}
    place(external_id="3")
    assert set(Order.objects.of_customer(customer.member_ids)) == ours


def test_number_is_found_by_its_beginning(organization: Organization, place: Place) -> None:
    place(external_id="1", number="A-100")
    place(external_id="2", number="A-200")
    assert [order.number for order in Order.objects.owned_by(organization).numbered("A-1")] == ["A-100"]


def test_customer_goes_and_the_order_stays(customer: Customer, place: Place) -> None:
    order = place(customer_id=customer.pk)
    customer.delete()
    order.refresh_from_db()
    assert order.customer is None


@pytest.mark.skipif(connection.vendor != "postgresql", reason="Asks PostgreSQL's planner.")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("index", "rows"),
    [
        ("order_newest", lambda pk: Order.objects.filter(organization=pk).order_by("-placed_at", "-id")),
        (
            "order_of_status",
            lambda pk: Order.objects.filter(organization=pk, status="pending").order_by("-placed_at", "-id"),
        ),
        ("order_of_customer", lambda pk: Order.objects.filter(customer=5).order_by("-placed_at", "-id")),
        ("order_by_number", lambda pk: Order.objects.filter(organization=pk).numbered("A-1").order_by("number", "id")),
        ("order_once_per_source", lambda pk: Order.objects.filter(organization=pk, source="shop", external_id="1")),
        ("payment_of_order", lambda pk: Payment.objects.filter(order=5)),
    ],
)
def test_index_serves_the_question(
    organization: Organization, index: str, rows: Callable[[int], QuerySet[Any, Any]]
) -> None:
    # An almost empty table is read by any index at the same price; a planner chooses where it matters.
    orders = Order.objects.bulk_create(
        Order(organization=organization, source="shop", external_id=str(number), number=f"B-{number}", placed_at=NOW)
        for number in range(2000)
    )
    Payment.objects.bulk_create(
        Payment(
            organization=organization, order=order, source="shop", external_id=order.external_id, paid_at=NOW, amount=1
        )
        for order in orders
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE commerce_order, commerce_payment")
    plan = rows(organization.pk)[:50].explain()
    assert index in plan, plan
