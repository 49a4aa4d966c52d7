"""What they buy, pay and bring back."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from apps.console.sample import calendar
from apps.console.sample.shapes import Article, Kind, Line, Order, Person

CATEGORIES = {
    "Frames": (["Harbour", "Pier", "Anchor", "Tide", "Reef", "Dune"], ["round", "square", "rimless"], (6900, 24900)),
    "Lenses": (["Single vision", "Varifocal", "Office"], ["standard", "thin", "extra thin"], (4900, 39900)),
    "Sunglasses": (["Lagoon", "Sail", "Beacon"], ["brown", "grey", "green"], (3900, 18900)),
    "Contact lenses": (["Daily", "Monthly"], ["30 pieces", "90 pieces"], (1490, 6990)),
    "Care": (["Spray", "Cloth", "Case", "Drops"], ["small", "large"], (290, 1990)),
}
# Orders a year, discounts, how likely an order goes back.
HABITS = {
    Kind.LOYAL: (5.0, 0.1, 0.03),
    Kind.REGULAR: (2.2, 0.1, 0.05),
    Kind.BARGAIN: (2.5, 0.8, 0.15),
    Kind.ONE_TIME: (0.0, 0.1, 0.05),
    Kind.BROWSER: (0.0, 0.0, 0.0),
}
KINDS = ["card", "debit_card", "cash", "wallet", "transfer"]
NOBODY = 0.08


def articles() -> list[Article]:
    """The range: the same for every seed."""
    found: list[Article] = []
    for category, (names, forms, (low, high)) in CATEGORIES.items():
        count = len(names) * len(forms)
        for number, (name, form) in enumerate((name, form) for name in names for form in forms):
            price = low + (high - low) * number // max(count - 1, 1)
            # Prices end in nine.
            found.append(Article(f"A{len(found) + 1:03d}", f"{name} {form}", category, price // 10 * 10 + 9))
    return found


def orders_of(person: Person, seed: int, until: date, range_: Sequence[Article]) -> list[Order]:
    """Everything this person ordered, oldest first."""
    dice = random.Random(f"{seed}:orders:{person.person_id}")
    last = min(person.churned_on or until, until)
    days = list(_days(dice, person, last))
    return [
        _order(dice, person, f"S{person.person_id:07d}-{number}", day, range_)
        for number, day in enumerate(sorted(days))
    ]


def orders_of_nobody(count: int, seed: int, until: date, range_: Sequence[Article]) -> list[Order]:
    """Sales at the till for which nobody left a name."""
    dice = random.Random(f"{seed}:nobody")
    found = []
    for number in range(round(count * NOBODY)):
        day = calendar.day_between(dice, until - timedelta(days=calendar.DAYS), until)
        order = _order(dice, None, f"N{number:07d}", day, range_)
        found.append(replace(order, channel="store"))
    return found


def _days(dice: random.Random, person: Person, last: date) -> Iterator[date]:
    if person.kind == Kind.BROWSER:
        return
    yield person.joined_on
    a_year, _discount, _return = HABITS[person.kind]
    expected = a_year * (last - person.joined_on).days / 365
    count = int(expected) + (dice.random() < expected % 1)
    for _number in range(count):
        yield calendar.day_between(dice, person.joined_on, last)


def _order(dice: random.Random, person: Person | None, key: str, day: date, range_: Sequence[Article]) -> Order:
    kind = person.kind if person else Kind.ONE_TIME
    _a_year, discount, goes_back = HABITS[kind]
    lines = tuple(
        _line(dice, number, range_, discount, day) for number in range(1, dice.choice([1, 1, 2, 2, 3, 4]) + 1)
    )
    at = calendar.moment(dice, day)
    status = "cancelled" if dice.random() < 0.02 else "completed"
    total = sum(line.total_cents for line in lines)
    record = (
        dice.choice([known for known in person.records if known.created_on <= day] or person.records[:1])
        if person
        else None
    )
    paid = _paid(dice, total) if status == "completed" else ()
    refund = 0
    if status == "completed" and dice.random() < goes_back:
        refund = total if dice.random() < 0.5 else lines[0].total_cents
    return Order(
        external_id=key,
        record_id=record.record_id if record else "",
        person_id=person.person_id if person else None,
        placed_at=at,
        status=status,
        channel=dice.choice(["online", "store", "store", "phone"]),
        lines=lines,
        payment_kind=dice.choice(KINDS),
        paid_cents=paid,
        refund_cents=refund,
        refunded_at=_later(dice, at) if refund else None,
    )


def _line(dice: random.Random, number: int, range_: Sequence[Article], discount: float, day: date) -> Line:
    fitting = [article for article in range_ if article.category == "Sunglasses"] if _summer(dice, day) else range_
    article = dice.choice(fitting)
    quantity = dice.choice([1, 1, 1, 2, 3])
    off = article.price_cents * quantity * dice.choice([10, 20]) // 100 if dice.random() < discount else 0
    return Line(number, article, quantity, article.price_cents, off)


def _summer(dice: random.Random, day: date) -> bool:
    return day.month in (5, 6, 7) and dice.random() < 0.3


def _paid(dice: random.Random, total: int) -> tuple[int, ...]:
    """In one sum, or in two."""
    if total > 10000 and dice.random() < 0.2:
        return (total // 2, total - total // 2)
    return (total,)


def _later(dice: random.Random, at: datetime) -> datetime:
    return datetime.combine(at.date() + timedelta(days=dice.randint(1, 20)), time(11, 0), tzinfo=at.tzinfo)
