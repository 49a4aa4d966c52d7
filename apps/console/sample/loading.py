"""The sample in an organisation: customers, orders, website events, through the doors by which they always come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from apps.accounts.models import Membership, Organization
from apps.commerce import actions as commerce
from apps.commerce.actions import MOST_AT_ONCE, CategoryDraft, LineDraft, OrderDraft, ProductDraft
from apps.commerce.models import Order, Payment, Refund
from apps.console.sample import shapes
from apps.console.sample.files import CURRENCY, segment_call
from apps.console.sample.shapes import SOURCE, Record, Sample
from apps.core.refused import Refused
from apps.customers import actions as customers
from apps.customers.actions import CustomerDetails, identity
from apps.customers.identity import EXTERNAL, USER_ID, Seen
from apps.customers.models import Customer, Identifier
from apps.tracking import actions as tracking

T = TypeVar("T")
BATCH = 100
WEBSITE = "https://shop.harbour-opticians.example"


def load(sample: Sample, organization: Organization, *, by: Membership, now: datetime) -> None:
    """Fill the organisation. The first customers that it has already are the sample's first people."""
    user_ids = _load_customers(sample, organization, by=by, now=now)
    _load_catalogue(sample, organization, by=by, now=now)
    _load_orders(sample, organization, by=by, now=now)
    _load_calls(sample, organization, user_ids, by=by, now=now)


def _load_customers(sample: Sample, organization: Organization, *, by: Membership, now: datetime) -> dict[str, str]:
    """Each record becomes a record, known by its id in the shop; the same number joins two of them.

    Returns under which user id the website knows whom: a customer has one, and who has one already keeps it.
    """
    users = Identifier.objects.owned_by(organization).live().filter(kind=USER_ID)
    user_of = dict(users.values_list("customer", "value"))
    user_ids: dict[str, str] = {}
    there = Customer.objects.owned_by(organization).order_by("id")
    by_name = {(row.name, row.email, row.mobile): row for row in there}
    seen: list[tuple[int, Seen]] = []
    for record in sample.records:
        at = datetime.combine(record.created_on, time(12, 0), tzinfo=UTC)
        customer = by_name.get((record.name, record.email, record.mobile)) or _create(record, organization, by, at)
        if customer is not None:
            seen.append((customer.pk, Seen(EXTERNAL, record.record_id, SOURCE)))
            if record.system == "shop":
                user_ids[record.record_id] = user_of.setdefault(customer.pk, record.record_id)
                seen.append((customer.pk, Seen(USER_ID, user_ids[record.record_id])))
    identity.observe_many(organization.pk, seen, source=SOURCE, by=by, now=now)
    return user_ids


def _create(record: Record, organization: Organization, by: Membership, at: datetime) -> Customer | None:
    details = CustomerDetails(record.name, record.email, record.mobile)
    try:
        return customers.create_customer(details, organization=organization, by=by, now=at)
    except Refused:
        # Erased, or the address is somebody else's: the sample has no right to more than anybody.
        return None


def _load_catalogue(sample: Sample, organization: Organization, *, by: Membership, now: datetime) -> None:
    names = dict.fromkeys(article.category for article in sample.articles)
    categories = [CategoryDraft(name=name, external_id=name, source=SOURCE) for name in names]
    commerce.upsert_categories(categories, organization=organization, by=by, now=now)
    products = [
        ProductDraft(
            name=article.name,
            external_id=article.external_id,
            source=SOURCE,
            sku=article.external_id,
            category_external_id=article.category,
            price=_euros(article.price_cents),
            currency=CURRENCY,
        )
        for article in sample.articles
    ]
    commerce.upsert_products(products, organization=organization, by=by, now=now)


def _load_orders(sample: Sample, organization: Organization, *, by: Membership, now: datetime) -> None:
    for orders in _cut(sample.orders, MOST_AT_ONCE):
        drafts = [_draft(order) for order in orders]
        stored = [result.get() for result in commerce.upsert_orders(drafts, organization=organization, by=by, now=now)]
        pairs = list(zip(stored, orders, strict=True))
        Payment.objects.bulk_create([payment for row, order in pairs for payment in _payments(row, order)])
        Refund.objects.bulk_create([refund for row, order in pairs for refund in _refunds(row, order)])
        commerce.settle([row.pk for row in stored])


def _draft(order: shapes.Order) -> OrderDraft:
    lines = tuple(
        LineDraft(
            quantity=Decimal(line.quantity),
            unit_price=_euros(line.unit_cents),
            discount=_euros(line.discount_cents),
            product_external_id=line.article.external_id,
            line_number=line.number,
        )
        for line in order.lines
    )
    return OrderDraft(
        external_id=order.external_id,
        source=SOURCE,
        customer_reference=order.record_id,
        placed_at=order.placed_at,
        status=order.status,
        channel=order.channel,
        currency=CURRENCY,
        lines=lines,
    )


def _payments(row: Order, order: shapes.Order) -> Iterator[Payment]:
    for number, cents in enumerate(order.paid_cents, start=1):
        yield Payment(
            kind=order.payment_kind,
            paid_at=order.placed_at,
            external_id=f"{order.external_id}-p{number}",
            amount=_euros(cents),
            **_belongs(row),
        )


def _refunds(row: Order, order: shapes.Order) -> Iterator[Refund]:
    if order.refund_cents and order.refunded_at:
        yield Refund(
            refunded_at=order.refunded_at,
            external_id=f"{order.external_id}-r",
            amount=_euros(order.refund_cents),
            **_belongs(row),
        )


def _belongs(row: Order) -> dict[str, Any]:
    return {
        "organization_id": row.organization_id,
        "source": SOURCE,
        "order": row,
        "order_reference": row.external_id,
        "currency": CURRENCY,
    }


def _load_calls(
    sample: Sample, organization: Organization, user_ids: dict[str, str], *, by: Membership, now: datetime
) -> None:
    details = tracking.SourceDetails(name="Online shop", allowed_origins=WEBSITE)
    source, _write_key = tracking.create_source(organization, details, by=by, now=now)
    sender = tracking.Sender(source_id=source.pk, organization_id=organization.pk, kind=source.kind)
    for calls in _cut(sample.calls, BATCH):
        # Each batch arrived when its last call was sent, so that the days are those of the sample.
        arrived = min(calls[-1].sent_at + timedelta(seconds=1), now)
        told = [segment_call(call) | {"userId": user_ids.get(call.user_id, call.user_id)} for call in calls]
        tracking.ingest(sender, told, now=arrived, is_backfill=True)


def _cut(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _euros(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
