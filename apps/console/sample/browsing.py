"""What they do on the website: events as a browser sends them, some late, some twice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from apps.console.sample import calendar
from apps.console.sample.shapes import Article, Call, Order, Person

RECENT = 60
LATE, TWICE = 0.04, 0.03


def calls_of(person: Person, seed: int, until: date, orders: Sequence[Order], range_: Sequence[Article]) -> list[Call]:
    """The events of the last two months, by when they were sent: browsing, and the online orders."""
    dice = random.Random(f"{seed}:calls:{person.person_id}")
    since, last = until - timedelta(days=RECENT), min(person.churned_on or until, until)
    device, user = f"dev-{seed}-{person.person_id}", person.records[0].record_id
    drafts: list[tuple[datetime, str, str, tuple[tuple[str, str | float], ...]]] = []
    for _visit in range(dice.choice([0, 0, 1, 2, 3]) if last >= since else 0):
        at = calendar.moment(dice, calendar.day_between(dice, max(since, person.joined_on), last))
        drafts.append((at, "page", "", (("path", "/"),)))
        for step in range(dice.randint(1, 4)):
            article = dice.choice(range_)
            named = (("product_id", article.external_id), ("name", article.name))
            drafts.append((at + timedelta(seconds=40 * (step + 1)), "track", "Product Viewed", named))
    for order in orders:
        if order.channel == "online" and order.placed_at.date() >= since and order.counts:
            told: tuple[tuple[str, str | float], ...] = (
                ("order_id", order.external_id),
                ("total", order.total_cents / 100),
                ("currency", "EUR"),
            )
            drafts.append((order.placed_at, "track", "Order Completed", told))
    calls: list[Call] = []
    for number, (at, kind, name, properties) in enumerate(sorted(drafts)):
        # Nobody sends what has not happened yet.
        end = datetime.combine(until, time(23, 59), tzinfo=at.tzinfo)
        sent = min(at + timedelta(hours=dice.randint(2, 200)), end) if dice.random() < LATE else at
        call = Call(f"m-{seed}-{person.person_id}-{number}", device, user, kind, name, at, sent, properties)
        calls.append(call)
        if dice.random() < TWICE:
            calls.append(replace(call, is_duplicate=True))
    return calls
