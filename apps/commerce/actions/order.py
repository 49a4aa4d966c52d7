"""Orders: they come, change and are called off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.commerce.actions import preparing
from apps.commerce.actions.drafts import OrderChange, OrderDraft
from apps.commerce.actions.totals import join_waiting, settle
from apps.commerce.actions.upserting import Outcome, Prepared, Upserted, rows_of, upsert_rows
from apps.commerce.events import OrderCancelled, OrderChanged, OrderPlaced
from apps.commerce.models import Order, OrderChannel, OrderLine, OrderStatus
from apps.core import audit
from apps.core.audit import Actor
from apps.core.outbox import announce
from apps.core.refused import Refused
from apps.customers.models import Branch, Customer


def upsert_order(draft: OrderDraft, *, organization: Organization, by: Actor, now: datetime) -> Order:
    """Make the order, or make it agree with the draft. Raises Refused (as `upsert_orders` rejects)."""
    return upsert_orders([draft], organization=organization, by=by, now=now)[0].get()


@transaction.atomic
def upsert_orders(
    drafts: Sequence[OrderDraft], *, organization: Organization, by: Actor, now: datetime
) -> list[Upserted[Order]]:
    """Make or change orders by their id in the source, each with all its lines; one outcome each, in order.

    What cannot be is rejected (`bad_key`, `bad_number`, `no_such_customer`, `no_such_product`, `no_such_branch`,
    `bad_status`, `bad_channel`, `bad_currency`, `line_twice`, `twice`, …) and hinders none of the others. The same
    draft again changes nothing, also when a person changed the order meanwhile. The number of statements does not
    depend on the number of orders, but for the events. Raises Refused (`too_many_items`).
    """
    known = preparing.look_up(drafts, organization)
    items = [preparing.prepare(draft, known, organization) for draft in drafts]
    was_cancelled = _cancelled_before(items, organization)
    results = upsert_rows(Order, items, organization=organization, now=now)
    _write_lines(items, results)
    created = rows_of(results, Outcome.CREATED)
    for source in {row.source for row in created}:
        join_waiting(organization.pk, source, [row.external_id for row in created if row.source == source])
    settle([row.pk for row in created])
    for result in results:
        _announce(result, was_cancelled)
    _write_audit(results, organization, by)
    return results


@transaction.atomic
def update_order(order: Order, change: OrderChange, *, by: Actor, now: datetime) -> Order:
    """Change what differs; to `cancelled` it is `cancel_order`.

    Raises Refused (`no_such_customer`, `no_such_branch`, `bad_status`, `bad_channel`, `already_cancelled`).
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    wanted = {name: value for name, value in vars(change).items() if value is not None}
    _check(order, wanted)
    if wanted.get("status") == OrderStatus.CANCELLED and not order.is_cancelled:
        order = cancel_order(order, by=by, now=now)
    before = {name: getattr(order, name) for name, value in wanted.items() if getattr(order, name) != value}
    if not before:
        return order
    for name in before:
        setattr(order, name, wanted[name])
    if "status" in before:
        order.cancelled_at = None
    _save(order, [*before, "cancelled_at"], now)
    audit.record(
        "order.updated",
        by=by,
        organization_id=order.organization_id,
        on=order,
        before=before,
        after={name: wanted[name] for name in before},
    )
    announce(_changed(order, before))
    return order


@transaction.atomic
def cancel_order(order: Order, *, by: Actor, now: datetime, reason: str = "") -> Order:
    """Call it off: it no longer counts as a sale. Raises Refused (`already_cancelled`)."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    if order.is_cancelled:
        raise Refused(_("This order is already cancelled."), code="already_cancelled")
    before = order.status
    order.status, order.cancelled_at = OrderStatus.CANCELLED, now
    _save(order, ["status", "cancelled_at"], now)
    audit.record(
        "order.cancelled",
        by=by,
        organization_id=order.organization_id,
        on=order,
        before={"status": before},
        after={"status": order.status, "reason": reason[:300]},
    )
    announce(OrderCancelled(organization_id=order.organization_id, order_id=order.pk, customer_id=order.customer_id))
    return order


def _check(order: Order, wanted: dict[str, Any]) -> None:
    if "status" in wanted:
        preparing.check_status(wanted["status"])
    if wanted.get("channel", "") not in OrderChannel.values:
        raise Refused(_("There is no such channel."), code="bad_channel", field="channel")
    for name, model in (("customer_id", Customer), ("branch_id", Branch)):
        rows: Any = model._default_manager.filter(organization=order.organization_id, pk=wanted.get(name))
        if name in wanted and not rows.exists():
            noun = name.removesuffix("_id")
            words = _("There is no such customer.") if noun == "customer" else _("There is no such branch.")
            raise Refused(words, code=f"no_such_{noun}", field=name)


def _save(order: Order, names: Sequence[str], now: datetime) -> None:
    order.updated_at, order.version = now, order.version + 1
    order.save(update_fields=[*names, "updated_at", "version"])


def _cancelled_before(items: Sequence[Prepared | Refused], organization: Organization) -> set[int]:
    """Which of the stored orders are cancelled now, so that only a new cancellation is announced."""
    keys = [(item.source, item.external_id) for item in items if isinstance(item, Prepared)]
    orders = Order.objects.owned_by(organization).filter(status=OrderStatus.CANCELLED)
    orders = orders.filter(source__in={source for source, _id in keys}, external_id__in=[pk for _source, pk in keys])
    return set(orders.values_list("pk", flat=True))


def _write_lines(items: Sequence[Prepared | Refused], results: Sequence[Upserted[Order]]) -> None:
    OrderLine.objects.filter(order__in=[row.pk for row in rows_of(results, Outcome.UPDATED)]).delete()
    lines = [
        OrderLine(organization_id=result.row.organization_id, order=result.row, **values)
        for item, result in zip(items, results, strict=True)
        if isinstance(item, Prepared)
        and result.row is not None
        and result.outcome in (Outcome.CREATED, Outcome.UPDATED)
        for values in item.also
    ]
    OrderLine.objects.bulk_create(lines, batch_size=2000)


def _announce(result: Upserted[Order], was_cancelled: set[int]) -> None:
    order = result.row
    if order is None or order.is_test or result.outcome == Outcome.UNCHANGED:
        return
    owner, customer_id = order.organization_id, order.customer_id
    if result.outcome == Outcome.CREATED:
        announce(OrderPlaced(organization_id=owner, order_id=order.pk, customer_id=customer_id))
    else:
        announce(_changed(order, result.changed))
    if order.is_cancelled and order.pk not in was_cancelled:
        announce(OrderCancelled(organization_id=owner, order_id=order.pk, customer_id=customer_id))


def _changed(order: Order, names: Any) -> OrderChanged:
    return OrderChanged(
        organization_id=order.organization_id,
        order_id=order.pk,
        customer_id=order.customer_id,
        version=order.version,
        fields=sorted(names),
    )


def _write_audit(results: Sequence[Upserted[Order]], organization: Organization, by: Actor) -> None:
    counts = {str(outcome): sum(result.outcome == outcome for result in results) for outcome in Outcome}
    rows = rows_of(results, Outcome.CREATED, Outcome.UPDATED)
    if rows:
        on = rows[0] if len(rows) == 1 else None
        audit.record("orders.stored", by=by, organization_id=organization.pk, on=on, after=counts)
