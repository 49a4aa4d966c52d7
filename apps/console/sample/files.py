"""The sample as files, as the six sources would send them, and the truth beside them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from apps.console.sample import truth
from apps.console.sample.shapes import SOURCE, Call, Sample

CURRENCY = "EUR"


def write_files(sample: Sample, folder: Path) -> list[Path]:
    """Write every file; returns their paths. The same sample gives the same bytes on every system."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [(order, line) for order in sample.orders for line in order.lines]
    paid = [(order, n, cents) for order in sample.orders for n, cents in enumerate(order.paid_cents, start=1)]
    tables: dict[str, tuple[Sequence[str], Iterable[Sequence[Any]]]] = {
        "customers": (
            ["record_id", "system", "name", "email", "mobile", "created_on"],
            ([r.record_id, r.system, r.name, r.email, r.mobile, r.created_on] for r in sample.records),
        ),
        "products": (
            ["product_id", "name", "category", "price", "currency"],
            ([a.external_id, a.name, a.category, euros(a.price_cents), CURRENCY] for a in sample.articles),
        ),
        "orders": (
            ["order_id", "customer_id", "placed_at", "status", "channel", "currency", "total"],
            (
                [o.external_id, o.record_id, when(o.placed_at), o.status, o.channel, CURRENCY, euros(o.total_cents)]
                for o in sample.orders
            ),
        ),
        "order_lines": (
            ["order_id", "line_number", "product_id", "quantity", "unit_price", "discount", "total"],
            (
                [o.external_id, n.number, n.article.external_id, n.quantity, euros(n.unit_cents),
                 euros(n.discount_cents), euros(n.total_cents)]
                for o, n in lines
            ),
        ),
        "payments": (
            ["payment_id", "order_id", "kind", "amount", "currency", "paid_at"],
            (
                [f"{o.external_id}-p{n}", o.external_id, o.payment_kind, euros(cents), CURRENCY, when(o.placed_at)]
                for o, n, cents in paid
            ),
        ),
        "refunds": (
            ["refund_id", "order_id", "amount", "currency", "refunded_at"],
            (
                [f"{o.external_id}-r", o.external_id, euros(o.refund_cents), CURRENCY, when(o.refunded_at)]
                for o in sample.orders
                if o.refund_cents
            ),
        ),
        "service_contacts": (
            ["contact_id", "customer_id", "kind", "at", "branch", "subject", "stars", "solved_after_minutes"],
            (
                [c.contact_id, c.record_id, c.kind, when(c.at), c.branch, c.subject, c.stars or "",
                 c.solved_after_minutes or ""]
                for c in sample.contacts
            ),
        ),
        "campaign_responses": (
            ["campaign", "customer_id", "sent_at", "opened_at", "clicked_at", "order_id"],
            (
                [m.campaign, m.record_id, when(m.sent_at), when(m.opened_at), when(m.clicked_at), m.bought_order]
                for m in sample.mailings
            ),
        ),
        "truth_people": (truth.PEOPLE_COLUMNS, truth.people_of(sample)),
    }  # fmt: skip
    paths = [_write_csv(folder / f"{name}.csv", columns, rows) for name, (columns, rows) in tables.items()]
    events = folder / "events.jsonl"
    with events.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(segment_call(call), ensure_ascii=False) + "\n" for call in sample.calls)
    told = folder / "truth.json"
    text = json.dumps({"source": SOURCE, **truth.truth_of(sample)}, indent=2, ensure_ascii=False)
    told.write_text(text + "\n", encoding="utf-8", newline="\n")
    return [*paths, events, told]


def segment_call(call: Call) -> dict[str, Any]:
    """The event in Segment's words."""
    said: dict[str, Any] = {
        "type": call.type,
        "messageId": call.message_id,
        "anonymousId": call.anonymous_id,
        "userId": call.user_id,
        "originalTimestamp": when(call.at),
        "timestamp": when(call.at),
        "sentAt": when(call.sent_at),
        "properties": dict(call.properties),
    }
    return said | ({"event": call.name} if call.type == "track" else {"name": "Home"})


def euros(cents: int) -> str:
    """With a point and two places."""
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    return f"{sign}{cents // 100}.{cents % 100:02d}"


def when(moment: datetime | None) -> str:
    """ISO 8601 in UTC; empty for nothing."""
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    return path
