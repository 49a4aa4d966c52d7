"""What commerce announces."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(Event):
    """An order came. Test orders announce nothing; an import tells of its orders with its own event."""

    order_id: int
    customer_id: int | None


@dataclass(frozen=True, kw_only=True)
class OrderChanged(Event):
    """An order was changed; `fields` are the names of what changed, `lines` among them, without values."""

    order_id: int
    customer_id: int | None
    version: int
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class OrderCancelled(Event):
    """An order was called off."""

    order_id: int
    customer_id: int | None


@dataclass(frozen=True, kw_only=True)
class OrderRefunded(Event):
    """Money went back."""

    refund_id: int
    order_id: int
    customer_id: int | None


@dataclass(frozen=True, kw_only=True)
class PaymentReceived(Event):
    """Money came for an order that is here."""

    payment_id: int
    order_id: int
    customer_id: int | None
