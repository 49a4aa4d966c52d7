"""What happened with a customer's orders stands on their timeline."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from apps.commerce.events import OrderCancelled, OrderChanged, OrderPlaced, OrderRefunded, PaymentReceived
from apps.commerce.models import Order, Payment, Refund
from apps.commerce.money import money
from apps.core.outbox import subscribe
from apps.customers import actions as customers
from apps.customers.models import Domain


@subscribe(OrderPlaced)
def tell_timeline_of_order(event: OrderPlaced) -> None:
    """They ordered."""
    order = _order(event.organization_id, event.order_id)
    if order is not None:
        _tell_placed(order)


@subscribe(OrderChanged)
def tell_timeline_of_late_customer(event: OrderChanged) -> None:
    """An order whose customer was found afterwards comes onto their timeline."""
    order = _order(event.organization_id, event.order_id)
    if order is not None and "customer_id" in event.fields:
        _tell_placed(order)


@subscribe(OrderCancelled)
def tell_timeline_of_cancellation(event: OrderCancelled) -> None:
    """An order was called off."""
    order = _order(event.organization_id, event.order_id)
    if order is not None and order.cancelled_at is not None:
        with translation.override(order.organization.language):
            title = _("Order %(number)s cancelled") % {"number": order.number}
        at = order.cancelled_at
        _tell(order, at, "order_cancelled", title, f"{event.name}:{order.pk}:{at.isoformat()}")


@subscribe(OrderRefunded)
def tell_timeline_of_refund(event: OrderRefunded) -> None:
    """Money went back."""
    order, refund = _order(event.organization_id, event.order_id), Refund.objects.filter(pk=event.refund_id).first()
    if order is not None and refund is not None:
        with translation.override(order.organization.language):
            what = {"amount": money(refund.amount, refund.currency), "number": order.number}
            title = _("%(amount)s refunded for order %(number)s") % what
        _tell(order, refund.refunded_at, "refund", title, f"{event.name}:{refund.pk}", body=refund.reason)


@subscribe(PaymentReceived)
def tell_timeline_of_payment(event: PaymentReceived) -> None:
    """Money came."""
    order, payment = _order(event.organization_id, event.order_id), Payment.objects.filter(pk=event.payment_id).first()
    if order is not None and payment is not None:
        with translation.override(order.organization.language):
            what = {"amount": money(payment.amount, payment.currency), "number": order.number}
            title = _("%(amount)s paid for order %(number)s") % what
            how = str(payment.get_kind_display())
        _tell(order, payment.paid_at or order.placed_at, "payment", title, f"{event.name}:{payment.pk}", body=how)


def _order(organization_id: int, order_id: int) -> Order | None:
    """The order, unless it is gone, a test, or nobody's."""
    orders = Order.objects.owned_by(organization_id).filter(customer__isnull=False, is_test=False)
    return orders.select_related("organization").filter(pk=order_id).first()


def _tell_placed(order: Order) -> None:
    with translation.override(order.organization.language):
        what = {"number": order.number, "amount": money(order.total, order.currency)}
        title = _("Order %(number)s, %(amount)s") % what
    _tell(order, order.placed_at, "order", title, f"{OrderPlaced.name}:{order.pk}")


def _tell(order: Order, at: datetime, kind: str, title: str, source_event: str, *, body: str = "") -> None:
    assert order.customer_id is not None
    customers.add_to_timeline(
        organization_id=order.organization_id,
        customer_id=order.customer_id,
        at=at,
        domain=Domain.COMMERCE,
        kind=kind,
        title=title,
        body=body,
        data={"order_id": order.pk},
        reference=reverse("commerce:order_detail", args=[order.pk]),
        source_event=source_event,
    )
