"""Reads of commerce: the lists, one customer's orders, the tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Max, Sum

from apps.accounts.models import Organization
from apps.commerce.models import Category, Order, OrderLine, Product
from apps.commerce.models.order import OrderQuerySet
from apps.commerce.models.product import ProductQuerySet
from apps.core.days import moments
from apps.core.keyset import Keyset
from apps.customers.models import Customer

NEWEST = Keyset("-placed_at", "-id")
BY_NAME = Keyset("name", "id")
LAST_FEW = 5
DEEPEST = 20


@dataclass(frozen=True)
class OrderFilters:
    """What narrows the list of orders; `until` is included."""

    number: str = ""
    status: str = ""
    customer_id: int | None = None
    product_id: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class ProductFilters:
    """What narrows the list of products; a category brings those below it."""

    text: str = ""
    category_id: int | None = None
    is_active: bool | None = None


@dataclass(frozen=True)
class CurrencySum:
    """What orders of one currency come to."""

    currency: str
    total: Decimal
    refunded: Decimal

    @property
    def net(self) -> Decimal:
        """After refunds."""
        return self.total - self.refunded


@dataclass(frozen=True)
class CustomerOrders:
    """A customer's orders in short: how many count, what they come to, when the last one was, the last few of all."""

    count: int
    sums: list[CurrencySum]
    last_at: datetime | None
    latest: list[Order]


@dataclass(frozen=True)
class Branching:
    """A category in the tree, how many products are right in it, and what stands below it."""

    category: Category
    product_count: int
    below: list[Branching]


def orders(organization: Organization, filters: OrderFilters) -> OrderQuerySet:
    """The orders that fit; days are those of the organisation's time zone."""
    found = Order.objects.owned_by(organization).numbered(filters.number)
    if filters.status:
        found = found.filter(status=filters.status)
    if filters.customer_id is not None:
        found = found.of_customer(member_ids(organization, filters.customer_id))
    if filters.product_id is not None:
        found = found.with_product(filters.product_id)
    return found.placed_between(*moments(filters.since, filters.until, organization.zone))


def member_ids(organization: Organization, customer_id: int) -> list[int]:
    """The records that are this customer; none for a stranger's."""
    customer = Customer.objects.owned_by(organization).filter(pk=customer_id).first()
    return customer.member_ids if customer else []


def products(organization: Organization, filters: ProductFilters) -> ProductQuerySet:
    """The products that fit."""
    found = Product.objects.owned_by(organization).matching(filters.text)
    if filters.category_id is not None:
        found = found.in_categories(with_those_below(organization, [filters.category_id]))
    return found if filters.is_active is None else found.filter(is_active=filters.is_active)


def with_those_below(organization: Organization, category_ids: Iterable[int]) -> list[int]:
    """These categories and all that stand below them."""
    children: dict[int | None, list[int]] = {}
    for pk, parent in Category.objects.owned_by(organization).values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    found, waiting = [], list(category_ids)
    while waiting:
        pk = waiting.pop()
        found.append(pk)
        waiting += children.get(pk, [])
    return found


def tree(organization: Organization) -> list[Branching]:
    """All categories by name, each with those below it, at most `DEEPEST` levels."""
    counted = Product.objects.owned_by(organization).order_by().values("category").annotate(n=Count("pk"))
    counts = {row["category"]: row["n"] for row in counted}
    children: dict[int | None, list[Category]] = {}
    for row in Category.objects.owned_by(organization).order_by("name", "id"):
        children.setdefault(row.parent_id, []).append(row)

    def grow(parent_id: int | None, room: int) -> list[Branching]:
        rows = children.get(parent_id, []) if room else []
        return [Branching(row, counts.get(row.pk, 0), grow(row.pk, room - 1)) for row in rows]

    return grow(None, DEEPEST)


def orders_of(customer: Customer) -> CustomerOrders:
    """What stands on the customer's page: three statements, whatever their number of orders."""
    mine = Order.objects.of_customer(customer.member_ids)
    rows = mine.counting().order_by().values("currency")
    rows = rows.annotate(n=Count("pk"), last=Max("placed_at"), t=Sum("total"), r=Sum("refunded_total"))
    sums = sorted(rows, key=lambda row: (-row["n"], row["currency"]))
    return CustomerOrders(
        count=sum(row["n"] for row in sums),
        sums=[CurrencySum(row["currency"], row["t"], row["r"]) for row in sums],
        last_at=max((row["last"] for row in sums), default=None),
        latest=list(mine.order_by("-placed_at", "-id")[:LAST_FEW]),
    )


@dataclass(frozen=True)
class Sold:
    """What was sold of a product: sums of its lines in one currency, without cancelled and test orders."""

    currency: str
    quantity: Decimal
    revenue: Decimal
    orders: int


def sold(product: Product) -> list[Sold]:
    """How it sold, by currency."""
    rows = OrderLine.objects.filter(product=product).counting().order_by().values("order__currency")
    counted = rows.annotate(q=Sum("quantity"), r=Sum("line_total"), n=Count("order", distinct=True))
    return [Sold(row["order__currency"], row["q"], row["r"], row["n"]) for row in counted.order_by("-n")]


def by_number(organization: Organization, text: str, most: int) -> list[Order]:
    """Orders whose number begins like this, by number: what one index gives while somebody types."""
    found = Order.objects.owned_by(organization).numbered(text)
    return list(found.select_related("customer").order_by("number", "id")[:most])
