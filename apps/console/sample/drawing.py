"""Drawing the whole sample."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from apps.console.sample import browsing, buying, people, talking
from apps.console.sample.shapes import Known, Order, Sample


def make(*, customers: int, seed: int, until: date, known: Sequence[Known] = ()) -> Sample:
    """The sample that ends on the day before `until`; `known` become its first people."""
    range_ = buying.articles()
    persons = [people.draw(number, seed, until, known) for number in range(customers)]
    sample = Sample(seed, until, persons, range_, [], [], [], [])
    for person in persons:
        orders = buying.orders_of(person, seed, _yesterday(until), range_)
        sample.orders += orders
        sample.contacts += talking.contacts_of(person, seed, _yesterday(until))
        sample.mailings += talking.mailings_of(person, seed, until, orders)
        sample.calls += browsing.calls_of(person, seed, _yesterday(until), orders, range_)
    sample.orders += buying.orders_of_nobody(len(sample.orders), seed, _yesterday(until), range_)
    sample.orders.sort(key=_by_time)
    sample.contacts.sort(key=lambda contact: (contact.at, contact.contact_id))
    sample.mailings.sort(key=lambda mailing: (mailing.sent_at, mailing.record_id))
    sample.calls.sort(key=lambda call: (call.sent_at, call.message_id))
    return sample


def _yesterday(until: date) -> date:
    return date.fromordinal(until.toordinal() - 1)


def _by_time(order: Order) -> tuple[object, str]:
    return (order.placed_at, order.external_id)
