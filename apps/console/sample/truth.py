"""What is true of a sample: what checks compare the product's answers with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from apps.console.sample.shapes import Order, Sample


def truth_of(sample: Sample) -> dict[str, Any]:
    """Counts and sums; amounts in cents."""
    sales = [order for order in sample.orders if order.counts]
    buyers = {order.person_id for order in sample.orders if order.person_id is not None}
    months: Counter[str] = Counter()
    for order in sales:
        months[f"{order.placed_at:%Y-%m}"] += order.total_cents
    unique = [call for call in sample.calls if not call.is_duplicate]
    return {
        "seed": sample.seed,
        "until": sample.until.isoformat(),
        "people": len(sample.people),
        "records": len(sample.records),
        "people_with_duplicates": sum(len(person.records) > 1 for person in sample.people),
        "kinds": dict(sorted(Counter(str(person.kind) for person in sample.people).items())),
        "churned": sum(person.churned_on is not None for person in sample.people),
        "people_without_orders": len(sample.people) - len(buyers),
        "orders": len(sample.orders),
        "orders_without_customer": sum(order.person_id is None for order in sample.orders),
        "orders_cancelled": len(sample.orders) - len(sales),
        "order_lines": sum(len(order.lines) for order in sample.orders),
        "revenue_cents": _sum(sales),
        "revenue_cents_by_month": dict(sorted(months.items())),
        "paid_cents": sum(sum(order.paid_cents) for order in sample.orders),
        "refunds": sum(order.refund_cents > 0 for order in sample.orders),
        "refunded_cents": sum(order.refund_cents for order in sample.orders),
        "visits": sum(contact.kind == "visit" for contact in sample.contacts),
        "tickets": sum(contact.kind == "ticket" for contact in sample.contacts),
        "responses": sum(contact.stars > 0 for contact in sample.contacts),
        "mails_sent": len(sample.mailings),
        "mails_opened": sum(mailing.opened_at is not None for mailing in sample.mailings),
        "mails_clicked": sum(mailing.clicked_at is not None for mailing in sample.mailings),
        "events": len(unique),
        "events_sent_twice": len(sample.calls) - len(unique),
        "events_late": sum(call.is_late for call in unique),
    }


def people_of(sample: Sample) -> Iterable[list[Any]]:
    """One line for each person: what models should find again."""
    orders: dict[int, list[Order]] = {}
    for order in sample.orders:
        if order.person_id is not None and order.counts:
            orders.setdefault(order.person_id, []).append(order)
    for person in sample.people:
        mine = orders.get(person.person_id, [])
        yield [
            person.person_id,
            " ".join(record.record_id for record in person.records),
            person.kind,
            person.joined_on,
            person.churned_on or "",
            person.response_rate,
            len(mine),
            _sum(mine),
            sum(order.refund_cents for order in mine),
            max((order.placed_at.date().isoformat() for order in mine), default=""),
        ]


PEOPLE_COLUMNS = [
    "person_id", "record_ids", "kind", "joined_on", "churned_on", "response_rate", "orders", "revenue_cents",
    "refunded_cents", "last_order_on",
]  # fmt: skip


def _sum(orders: Iterable[Order]) -> int:
    return sum(order.total_cents for order in orders)
