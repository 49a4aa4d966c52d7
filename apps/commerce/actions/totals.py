"""Keeping the sums on orders right, for any number of orders in a fixed number of statements.

Imports call these after they have loaded lines, payments and refunds.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from apps.commerce.models import MoneyField, Order, OrderLine, Payment, QuantityField, Refund


def settle(order_ids: Sequence[int]) -> None:
    """Make `paid_total` and `refunded_total` the sums of what is recorded in the order's currency."""
    orders = Order.objects.filter(pk__in=order_ids)
    orders.update(paid_total=_sum(Payment.objects.all()), refunded_total=_sum(Refund.objects.all()))


def count_lines(order_ids: Sequence[int]) -> None:
    """Make `subtotal`, `item_count` and `line_count` agree with the lines, and `total` with them."""
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    orders = Order.objects.filter(pk__in=order_ids)
    orders.update(
        subtotal=_or_zero(lines.annotate(s=Sum("line_total")).values("s"), MoneyField()),
        item_count=_or_zero(lines.annotate(s=Sum("quantity")).values("s"), QuantityField()),
        line_count=Coalesce(Subquery(lines.annotate(s=Count("pk")).values("s")), Value(0)),
    )
    before = ExpressionWrapper(F("subtotal") - F("discount_total"), output_field=MoneyField())
    with_shipping = ExpressionWrapper(before + F("shipping_total"), output_field=MoneyField())
    orders.update(total=ExpressionWrapper(with_shipping + F("tax_total"), output_field=MoneyField()))


def join_waiting(organization_id: int, source: str, external_ids: Sequence[str]) -> None:
    """Give payments and refunds that came before their orders to these orders of the source."""
    named = Order.objects.owned_by(organization_id).filter(source=source, external_id=OuterRef("order_reference"))
    for model in (Payment, Refund):
        waiting: QuerySet[Any] = model.objects.owned_by(organization_id)
        waiting = waiting.filter(source=source, order=None, order_reference__in=external_ids)
        waiting.update(order=Subquery(named.values("pk")[:1]))


def _sum(rows: QuerySet[Any]) -> Any:
    mine = rows.filter(order=OuterRef("pk"), currency=OuterRef("currency")).order_by().values("order")
    return _or_zero(mine.annotate(s=Sum("amount")).values("s"), MoneyField())


def _or_zero(one: QuerySet[Any], field: Any) -> Any:
    return Coalesce(Subquery(one, output_field=field), Value(Decimal(0), output_field=field))
