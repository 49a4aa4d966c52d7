"""What customers choose themselves on their preference page."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime

from django.db import transaction

from apps.core.audit import System
from apps.customers import ledger
from apps.customers.actions.consent import record_consent, withdraw_consent
from apps.customers.ledger import Place
from apps.customers.models import Channel, ConsentMethod, Customer, Identifier, IdentifierKind, Notice, Purpose
from apps.messaging.models import Message

CUSTOMER = System("customer")


def reader_of(message: Message) -> Customer | None:
    """The customer to whom this mail went: by any of their addresses; None when nobody has it (any more)."""
    seen = Identifier.objects.owned_by(message.organization_id).live()
    records = Customer.objects.owned_by(message.organization_id).select_related("merged_into", "organization")
    known = seen.named(IdentifierKind.EMAIL, message.to_address).values("customer")
    record = records.filter(email=message.to_address).order_by("pk").first()
    record = record or records.filter(pk__in=known).order_by("pk").first()
    return (record.merged_into or record) if record is not None else None


def channels_of(customer: Customer) -> list[Channel]:
    """By what ways the customer can be reached at all."""
    return [channel for channel in Channel if (customer.email if channel == Channel.EMAIL else customer.mobile)]


@transaction.atomic
def save_preferences(
    customer: Customer, *, wanted: Set[Place], shown: Set[Place], notices: Mapping[str, Notice], now: datetime
) -> int:
    """Write down what differs from what holds; returns how many lines that were.

    Args:
        wanted: what is ticked; shown: what could be ticked: of the rest nothing was said.
        notices: the words that stood beside each purpose.
    """
    current = ledger.states(customer)
    changed = 0
    for purpose, channel in sorted(shown):
        line = current.get((purpose, channel))
        is_given = line is not None and line.is_given
        if (purpose, channel) in wanted and not is_given:
            record_consent(
                customer,
                purpose=purpose,
                channel=channel,
                method=ConsentMethod.PREFERENCES,
                by=CUSTOMER,
                now=now,
                notice=notices.get(purpose),
            )
            changed += 1
        elif (purpose, channel) not in wanted and is_given:
            _withdraw(customer, purpose, channel, now)
            changed += 1
    return changed


@transaction.atomic
def stop_everything(customer: Customer, *, now: datetime) -> None:
    """A no to every purpose in every channel, those that were never asked for included."""
    for purpose in Purpose.values:
        for channel in Channel.values:
            _withdraw(customer, purpose, channel, now)


def _withdraw(customer: Customer, purpose: str, channel: str, now: datetime) -> None:
    withdraw_consent(customer, purpose=purpose, channel=channel, method=ConsentMethod.PREFERENCES, by=CUSTOMER, now=now)
