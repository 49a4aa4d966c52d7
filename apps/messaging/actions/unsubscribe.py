"""A recipient wants no more of these mails."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.core.outbox import announce
from apps.messaging.events import Unsubscribed
from apps.messaging.models import Message


@transaction.atomic
def unsubscribe(message: Message, *, now: datetime) -> bool:
    """Announce that the recipient of this message unsubscribed from its purpose; False when they had done so before.

    Whoever owns the consent listens and writes it down; messaging knows addresses, not people.
    """
    if not Message.objects.filter(pk=message.pk, unsubscribed_at=None).update(unsubscribed_at=now):
        return False
    announce(
        Unsubscribed(
            organization_id=message.organization_id,
            message_id=message.pk,
            reference=message.reference,
            address=message.to_address,
            purpose=message.purpose,
        )
    )
    return True
