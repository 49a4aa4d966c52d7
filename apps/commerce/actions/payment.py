"""Money that comes, and money that goes back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from apps.commerce.actions.drafts import PaymentDraft, RefundDraft
from apps.commerce.actions.totals import settle
from apps.commerce.actions.upserting import amount, key_of
from apps.commerce.events import OrderRefunded, PaymentReceived
from apps.commerce.models import Order, Payment, PaymentKind, Refund
from apps.core import audit
from apps.core.audit import Actor
from apps.core.outbox import announce
from apps.core.refused import Refused

M = TypeVar("M", Payment, Refund)


@transaction.atomic
def record_payment(order: Order, draft: PaymentDraft, *, by: Actor, now: datetime) -> Payment:
    """Note a payment in the order's currency. The same id of the source again changes nothing.

    Raises Refused (`bad_kind`, `bad_key`, `bad_number`, `other_order`).
    """
    if draft.kind not in PaymentKind.values:
        raise Refused(_("There is no such kind of payment."), code="bad_kind", field="kind")
    values = {"kind": draft.kind, "amount": amount(draft.amount, 4, "amount"), "paid_at": draft.paid_at}
    payment, is_new = _record(Payment, order, draft, values, now)
    if is_new:
        audit.record("payment.recorded", by=by, organization_id=order.organization_id, on=payment)
        announce(
            PaymentReceived(
                organization_id=order.organization_id,
                payment_id=payment.pk,
                order_id=order.pk,
                customer_id=order.customer_id,
            )
        )
    return payment


@transaction.atomic
def record_refund(order: Order, draft: RefundDraft, *, by: Actor, now: datetime) -> Refund:
    """Note that money went back. The same id of the source again changes nothing.

    Raises Refused (`not_positive`, `bad_key`, `bad_number`, `other_order`).
    """
    if not draft.amount > 0:
        raise Refused(_("Enter an amount above zero."), code="not_positive", field="amount")
    reason = " ".join(draft.reason.split())[:300]
    values = {"amount": amount(draft.amount, 4, "amount"), "refunded_at": draft.refunded_at, "reason": reason}
    refund, is_new = _record(Refund, order, draft, values, now)
    if is_new:
        audit.record("refund.recorded", by=by, organization_id=order.organization_id, on=refund)
        announce(
            OrderRefunded(
                organization_id=order.organization_id,
                refund_id=refund.pk,
                order_id=order.pk,
                customer_id=order.customer_id,
            )
        )
    return refund


def _record(
    model: type[M], order: Order, draft: PaymentDraft | RefundDraft, values: dict[str, Any], now: datetime
) -> tuple[M, bool]:
    """The row and whether it is new. The order's lock lets one payment in at a time."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    source, external_id = key_of(draft.source or order.source, draft.external_id)
    mine: Any = model._default_manager.filter(organization=order.organization_id)
    known = mine.filter(source=source, external_id=external_id).first()
    if known is not None:
        if known.order_id != order.pk:
            raise Refused(_("This id belongs to another order."), code="other_order", field="external_id")
        return known, False
    row = model._default_manager.create(
        organization_id=order.organization_id,
        source=source,
        external_id=external_id,
        order=order,
        order_reference=order.external_id,
        currency=order.currency,
        **values,
    )
    settle([order.pk])
    Order.objects.filter(pk=order.pk).update(version=order.version + 1, updated_at=now)
    return row, True
