"""What others tell of orders, products and payments, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.commerce.models import OrderChannel, OrderStatus, PaymentKind

NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class CategoryDraft:
    """A category; the one above it is named by its id here or in the source."""

    name: str
    external_id: str = ""
    source: str = ""
    parent_id: int | None = None
    parent_external_id: str = ""


@dataclass(frozen=True, kw_only=True)
class ProductDraft:
    """An article; its category is named by its id here or in the source."""

    name: str
    external_id: str = ""
    source: str = ""
    sku: str = ""
    category_id: int | None = None
    category_external_id: str = ""
    price: Decimal | None = None
    currency: str = ""
    is_active: bool = True


@dataclass(frozen=True, kw_only=True)
class LineDraft:
    """A line. `line_total` None: quantity × unit price − discount; `line_number` None: its place among the lines."""

    quantity: Decimal
    unit_price: Decimal
    product_id: int | None = None
    product_external_id: str = ""
    description: str = ""
    discount: Decimal = NOTHING
    line_total: Decimal | None = None
    line_number: int | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OrderDraft:
    """An order with all its lines.

    Args:
        external_id: its id in the source; empty: it gets one, and is always a new order.
        number: what people call it; empty: the external id.
        customer_id, customer_reference: the record here, or the customer's id in the source. Neither: an order without
            a customer. A reference that nobody knows yet stays with the order.
        currency: empty: the organisation's.
        total: what the customer owes; None: lines − discount + shipping + tax.
    """

    placed_at: datetime
    lines: tuple[LineDraft, ...] = ()
    external_id: str = ""
    source: str = ""
    number: str = ""
    customer_id: int | None = None
    customer_reference: str = ""
    status: str = OrderStatus.COMPLETED
    branch_id: int | None = None
    channel: str = OrderChannel.UNKNOWN
    currency: str = ""
    discount_total: Decimal = NOTHING
    shipping_total: Decimal = NOTHING
    tax_total: Decimal = NOTHING
    total: Decimal | None = None
    is_test: bool = False


@dataclass(frozen=True, kw_only=True)
class OrderChange:
    """What a person may change of an order; None leaves it as it is."""

    number: str | None = None
    status: str | None = None
    channel: str | None = None
    customer_id: int | None = None
    branch_id: int | None = None
    is_test: bool | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentDraft:
    """A payment of an order."""

    amount: Decimal
    paid_at: datetime
    kind: str = PaymentKind.OTHER
    external_id: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class RefundDraft:
    """Money that went back; the amount is positive."""

    amount: Decimal
    refunded_at: datetime
    reason: str = ""
    external_id: str = ""
    source: str = ""
