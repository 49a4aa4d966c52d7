"""Visits, tickets, answers and campaigns."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from apps.console.sample import calendar
from apps.console.sample.shapes import Contact, Kind, Mailing, Order, Person
from apps.customers.demo import BRANCHES, PURPOSES

SUBJECTS = ["Glasses broken", "Where is my order", "Wrong lens", "Invoice", "Appointment", "Return"]
EVERY_DAYS = 45


def contacts_of(person: Person, seed: int, until: date) -> list[Contact]:
    """Visits and tickets, oldest first. Who leaves for good was unhappy before."""
    dice = random.Random(f"{seed}:contacts:{person.person_id}")
    last = min(person.churned_on or until, until)
    found = []
    for number in range(dice.choice([0, 1, 1, 2, 3]) + (1 if person.churned_on else 0)):
        is_ticket = dice.random() < 0.35
        at = calendar.moment(dice, calendar.day_between(dice, person.joined_on, last))
        unhappy = person.churned_on is not None and (person.churned_on - at.date()).days < 120
        stars = dice.choices(range(1, 6), (40, 30, 15, 10, 5) if unhappy else (3, 5, 12, 30, 50))[0]
        found.append(
            Contact(
                contact_id=f"C{person.person_id:07d}-{number}",
                record_id=person.records[0].record_id,
                kind="ticket" if is_ticket else "visit",
                at=at,
                branch=dice.choice(list(BRANCHES)),
                subject=dice.choice(SUBJECTS if is_ticket else PURPOSES),
                stars=stars if dice.random() < 0.6 else 0,
                solved_after_minutes=dice.randint(10, 6000) if is_ticket else 0,
            )
        )
    return sorted(found, key=lambda contact: contact.at)


def campaigns(until: date) -> list[tuple[str, date]]:
    """Name and day of every mailing of the last year, oldest first."""
    days = [until - timedelta(days=EVERY_DAYS * number + 10) for number in range(8)]
    return [(f"campaign-{day:%Y-%m-%d}", day) for day in reversed(days)]


def mailings_of(person: Person, seed: int, until: date, orders: Sequence[Order]) -> list[Mailing]:
    """What they did with each mail; bargain hunters open most."""
    dice = random.Random(f"{seed}:mailings:{person.person_id}")
    found = []
    for name, day in campaigns(until):
        if day < person.joined_on or dice.random() < 0.2:
            continue
        sent = datetime(day.year, day.month, day.day, 7, 0, tzinfo=UTC)
        opens = dice.random() < min(0.9, person.response_rate * 2) and not (
            person.churned_on and day > person.churned_on
        )
        opened = sent + timedelta(minutes=dice.randint(5, 2000)) if opens else None
        clicks = opened is not None and dice.random() < 0.5 and person.kind != Kind.BROWSER
        clicked = opened + timedelta(minutes=dice.randint(0, 9)) if opened and clicks else None
        bought = [order for order in orders if clicked and clicked < order.placed_at < sent + timedelta(days=14)]
        found.append(
            Mailing(name, person.records[0].record_id, sent, opened, clicked, bought[0].external_id if bought else "")
        )
    return found
