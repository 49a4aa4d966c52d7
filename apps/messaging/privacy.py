"""What messaging holds of a customer: the mails to their addresses, and what was noted of the addresses."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core import personal_data
from apps.core.models import OutboxEvent
from apps.core.personal_data import Fate, Holding, Part, Subject
from apps.messaging.address import address_sha256, normalised
from apps.messaging.models import Message, MessageEvent, Suppression, WebhookDelivery

INTERNAL = frozenset(
    {"html", "headers", "idempotency_key", "lease_until", "attempts", "next_attempt_at", "give_up_at", "last_error"}
)


def addresses_of(subject: Subject) -> set[str]:
    """Each address in both spellings: as the record has it and as mails are sent."""
    return {spelling for email in subject.emails for spelling in (email, normalised(email)) if spelling}


def messages_of(subject: Subject) -> QuerySet[Message]:
    """Mails to one of the addresses, or about one of the customer's things."""
    return Message.objects.owned_by(subject.organization_id).filter(
        Q(to_address__in=addresses_of(subject)) | Q(reference__in=subject.references)
    )


def suppressions_of(subject: Subject) -> QuerySet[Suppression]:
    """Held-back addresses that still show the address."""
    hashes = [address_sha256(address) for address in addresses_of(subject)]
    return Suppression.objects.owned_by(subject.organization_id).filter(address_sha256__in=hashes).exclude(address="")


def _events_of(subject: Subject) -> QuerySet[OutboxEvent]:
    events = OutboxEvent.objects.owned_by(subject.organization_id).filter(name__startswith="messaging.")
    return events.filter(payload__address__in=sorted(addresses_of(subject)))


def _webhooks_of(subject: Subject) -> QuerySet[WebhookDelivery]:
    named = Q(pk=None)
    for address in addresses_of(subject):
        named |= Q(body__icontains=address)
    # One that is still to be worked through may tell of other people's mails.
    return WebhookDelivery.objects.filter(named).exclude(processed_at=None)


PART = Part(
    key="messaging",
    label=_("Mails"),
    order=50,
    holdings=(
        Holding(
            model=MessageEvent,
            rows=lambda subject: MessageEvent.objects.filter(message__in=messages_of(subject)),
            hidden=frozenset({"provider_event_id"}),
        ),
        Holding(model=Message, rows=messages_of, hidden=INTERNAL),
        Holding(
            model=Suppression,
            rows=suppressions_of,
            fate=Fate.ANONYMISED,
            reason=_("A hash of the address stays, so that nothing is sent to it by mistake (GDPR article 17 (3) e)."),
            blank={"address": ""},
            hidden=frozenset({"released_by"}),
        ),
        Holding(model=OutboxEvent, rows=_events_of, is_exported=False),
        Holding(model=WebhookDelivery, rows=_webhooks_of, is_exported=False),
    ),
)

personal_data.register(PART)
