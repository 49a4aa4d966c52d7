"""Who they are, and under how many records they are known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

from apps.console.sample import calendar
from apps.console.sample.shapes import Kind, Known, Person, Record
from apps.customers.demo import FIRST_NAMES, LAST_NAMES

# How many of a hundred, how likely they answer a mail, how likely they are gone for good.
KINDS = {
    Kind.LOYAL: (12, 0.35, 0.1),
    Kind.REGULAR: (33, 0.15, 0.25),
    Kind.BARGAIN: (15, 0.5, 0.3),
    Kind.ONE_TIME: (25, 0.05, 0.0),
    Kind.BROWSER: (15, 0.02, 0.0),
}
DUPLICATES = 0.12


def draw(number: int, seed: int, until: date, known: Sequence[Known]) -> Person:
    """Person `number` of this seed: each has dice of their own, so that more people do not change those before."""
    dice = random.Random(f"{seed}:person:{number}")
    kind = dice.choices(list(KINDS), [share for share, _rate, _churn in KINDS.values()])[0]
    _share, rate, churn = KINDS[kind]
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    joined = calendar.day_between(dice, until - timedelta(days=calendar.DAYS), until - timedelta(days=30))
    is_gone = dice.random() < churn and (until - joined).days > 240
    gone = joined + timedelta(days=dice.randint(60, (until - joined).days - 150)) if is_gone else None
    email = f"person{number + 1}@sample.example"
    mobile = f"+49152{seed % 10}{number:07d}"[:15] if dice.random() < 0.7 else ""
    who = known[number] if number < len(known) else Known(f"{first} {last}", email, mobile)
    person = Person(number, kind, who.name, joined, gone, round(rate * dice.uniform(0.6, 1.4), 3))
    person.records.append(Record(f"R{number:07d}-0", number, "shop", who.name, who.email, who.mobile, joined))
    if dice.random() < DUPLICATES:
        person.records.append(_duplicate(dice, person.records[0], joined, until))
    return person


def _duplicate(dice: random.Random, record: Record, joined: date, until: date) -> Record:
    """The same person once more, in another system: by the same number, or by a slip of the pen."""
    on = min(joined + timedelta(days=dice.randint(10, 200)), until)
    number = record.record_id.removesuffix("0") + "1"
    if record.mobile and dice.random() < 0.6:
        return Record(number, record.person_id, "till", record.name.upper(), "", record.mobile, on)
    place = dice.randrange(1, max(len(record.name) - 1, 2))
    slipped = record.name[:place] + record.name[place + 1 :]
    return Record(number, record.person_id, "newsletter", slipped, f"{number.lower()}@news.example", "", on)
