"""The numbers of commerce, each with its grain: of what it is one value per row.

Two numbers of different grain cannot be added up over one join. An order with two payments and three lines becomes six
rows, and each payment is counted three times: on Olist's data the 16,008,872.12 that were paid become 20,308,134.71.
`totals` therefore works out each grain by itself, and `joined` raises `FanOut` for a query whose joins repeat rows:

    totals([REVENUE, PAID], organization, currency="EUR")                         # two queries, both right
    joined([PAID], Payment.objects.filter(order__lines__product=product))         # raises FanOut
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.expressions import Combinable

from apps.accounts.models import Organization
from apps.commerce.models import Order, OrderLine, Payment, Refund
from apps.commerce.models.order import OrderQuerySet

NOTHING = Decimal(0)


class Grain(StrEnum):
    """What one row of a table is."""

    ORDER = "order"
    LINE = "line"
    PAYMENT = "payment"
    REFUND = "refund"


GRAIN_OF_TABLE = {
    Order._meta.db_table: Grain.ORDER,
    OrderLine._meta.db_table: Grain.LINE,
    Payment._meta.db_table: Grain.PAYMENT,
    Refund._meta.db_table: Grain.REFUND,
}

# From one row of the first to many of the second. A line, a payment and a refund each belong to one order.
LEADS_TO_MANY = {
    (Grain.ORDER, Grain.LINE),
    (Grain.ORDER, Grain.PAYMENT),
    (Grain.ORDER, Grain.REFUND),
    (Grain.LINE, Grain.PAYMENT),
    (Grain.LINE, Grain.REFUND),
    (Grain.PAYMENT, Grain.LINE),
    (Grain.PAYMENT, Grain.REFUND),
    (Grain.REFUND, Grain.LINE),
    (Grain.REFUND, Grain.PAYMENT),
}


class FanOut(Exception):
    """The join would count rows of the metric's grain more than once.

    Args:
        metric: whose sum would be wrong.
        grain: the grain that repeats the metric's rows.
    """

    def __init__(self, metric: Metric, grain: Grain) -> None:
        super().__init__(
            f"{metric.key} is one value per {metric.grain}: joined to each {grain} it would be counted several times"
        )
        self.metric, self.grain = metric, grain


@dataclass(frozen=True)
class Metric:
    """A number with its grain. `is_additive`: parts (days, branches) add up to the whole."""

    key: str
    grain: Grain
    measure: Combinable
    unit: str
    is_additive: bool = True


REVENUE = Metric("revenue", Grain.ORDER, Sum("total"), "money")
ORDERS = Metric("orders", Grain.ORDER, Count("pk"), "count")
AVERAGE_ORDER_VALUE = Metric("average_order_value", Grain.ORDER, Sum("total"), "money", is_additive=False)
CUSTOMERS = Metric("customers", Grain.ORDER, Count("customer", distinct=True), "count", is_additive=False)
ITEMS = Metric("items", Grain.LINE, Sum("quantity"), "quantity")
LINE_REVENUE = Metric("line_revenue", Grain.LINE, Sum("line_total"), "money")
PAID = Metric("paid", Grain.PAYMENT, Sum("amount"), "money")
REFUNDED = Metric("refunds", Grain.REFUND, Sum("amount"), "money")

METRICS = {
    metric.key: metric
    for metric in (REVENUE, ORDERS, AVERAGE_ORDER_VALUE, CUSTOMERS, ITEMS, LINE_REVENUE, PAID, REFUNDED)
}


def joined(metrics: Sequence[Metric], rows: QuerySet[Any]) -> dict[str, Any]:
    """The metrics over one query, by their keys. `rows` starts at the metrics' own table and may join others.

    Raises FanOut when a join of the query repeats rows that a metric adds up.
    """
    grains = grains_of(rows)
    for metric in metrics:
        for grain in grains:
            if (metric.grain, grain) in LEADS_TO_MANY:
                raise FanOut(metric, grain)
    measured: dict[str, Any] = rows.aggregate(**{metric.key: metric.measure for metric in metrics})
    return measured


def grains_of(rows: QuerySet[Any]) -> list[Grain]:
    """Of which grains the tables are that the query joins; a sub-select joins nothing."""
    query = rows.query
    used = [join.table_name for alias, join in query.alias_map.items() if query.alias_refcount[alias]]
    return [GRAIN_OF_TABLE[table] for table in (rows.model._meta.db_table, *used) if table in GRAIN_OF_TABLE]


def totals(
    metrics: Sequence[Metric],
    organization: Organization,
    *,
    currency: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, Decimal | int | None]:
    """Each metric of the orders placed in this time that count as sales, by its key: one query per grain.

    Payments and refunds are those of these orders, whenever they came; those without an order are not among them.
    `average_order_value` is None without orders.
    """
    orders = Order.objects.owned_by(organization).counting().placed_between(since, until).filter(currency=currency)
    found: dict[str, Decimal | int | None] = {}
    for grain in dict.fromkeys(metric.grain for metric in metrics):
        of_grain = [metric for metric in metrics if metric.grain == grain]
        found.update(_measured(of_grain, _rows(grain, orders, currency)))
    if AVERAGE_ORDER_VALUE in metrics:
        found[AVERAGE_ORDER_VALUE.key] = _average(orders)
    return {metric.key: found[metric.key] for metric in metrics}


def _measured(metrics: Sequence[Metric], rows: QuerySet[Any]) -> dict[str, Any]:
    measured = joined(metrics, rows)
    return {key: NOTHING if value is None else value for key, value in measured.items()}


def _rows(grain: Grain, orders: OrderQuerySet, currency: str) -> QuerySet[Any]:
    """The rows of this grain that belong to these orders. The way leads to one order each, so it repeats nothing."""
    if grain == Grain.ORDER:
        return orders
    model: Any = {Grain.LINE: OrderLine, Grain.PAYMENT: Payment, Grain.REFUND: Refund}[grain]
    rows: QuerySet[Any] = model.objects.filter(order__in=orders.order_by().values("pk"))
    # Money of another currency than the order's cannot be added to it.
    return rows if grain == Grain.LINE else rows.filter(currency=currency)


def _average(orders: OrderQuerySet) -> Decimal | None:
    """Revenue by number of orders; credit notes (below zero) lower the revenue and are no orders."""
    revenue = orders.aggregate(revenue=Sum("total"))["revenue"]
    count = orders.filter(total__gte=NOTHING).count()
    return revenue / count if count else None
