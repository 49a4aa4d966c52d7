"""What became of a message, whoever says it: our worker, a sweep, a webhook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from apps.core import metrics
from apps.core.outbox import Event, announce
from apps.messaging.actions import suppression
from apps.messaging.events import (
    MessageAccepted,
    MessageBounced,
    MessageComplained,
    MessageDelivered,
    MessageFailed,
    MessageUnknown,
)
from apps.messaging.models import BounceClass, Message, MessageEvent, MessageState, SuppressionReason

STATES = metrics.Counter("compass_mails_total", "Mails by the states that they reached", ["state", "provider"])

LONGEST_DETAIL = 500
SOFT_REST = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class News:
    """One thing that is known about a message.

    Args:
        provider_event_id: what the provider calls it; the same one is heard once.
        code: a status of RFC 3463, or another short word of the provider's.
        address: whose mailbox it was, where that is not the one that we sent to (forwarding).
    """

    state: MessageState
    at: datetime
    provider: str = ""
    provider_message_id: str = ""
    provider_event_id: str | None = None
    code: str = ""
    detail: str = ""
    bounce_class: str = ""
    address: str = ""


@transaction.atomic
def record(message_pk: int, news: News, *, now: datetime) -> bool:
    """Write the news into the history and let the state advance; False when exactly this was heard before.

    News come in any order, so the state only ever gives way to one of a higher rank: a late "delivered" does not
    undo a complaint.
    """
    return advance(Message.objects.select_for_update().get(pk=message_pk), news, now=now)


def advance(message: Message, news: News, *, now: datetime) -> bool:
    """The same for a message that the caller's transaction has locked."""
    if not _written(message, news, now):
        return False
    if news.state is MessageState.DELAYED or news.state.rank <= MessageState(message.state).rank:
        return True
    fields: dict[str, Any] = {"state": news.state, "state_at": now, "bounce_class": news.bounce_class}
    if news.provider:
        fields["provider"] = news.provider
    if news.provider_message_id:
        fields["provider_message_id"] = news.provider_message_id[:200]
    if news.state in _GOOD:
        fields["last_error"] = ""
        fields["accepted_at"] = message.accepted_at or min(news.at, now)
    elif news.detail:
        fields["last_error"] = news.detail[:LONGEST_DETAIL]
    if news.state is MessageState.DELIVERED:
        fields["delivered_at"] = min(news.at, now)
    for name, value in fields.items():
        setattr(message, name, value)
    message.save(update_fields=list(fields))
    _hold_back(message, news, now)
    announce(_event(message, news))
    transaction.on_commit(lambda: STATES.labels(news.state, message.provider).inc())
    return True


_GOOD = (MessageState.ACCEPTED, MessageState.DELIVERED)


def _written(message: Message, news: News, now: datetime) -> bool:
    try:
        with transaction.atomic():
            MessageEvent.objects.create(
                organization_id=message.organization_id,
                message=message,
                state=news.state,
                # A provider's clock may be ahead of ours; nothing in a history lies in the future.
                at=min(news.at, now),
                provider=news.provider or message.provider,
                code=news.code[:60],
                detail=news.detail[:LONGEST_DETAIL],
                provider_event_id=news.provider_event_id,
            )
    except IntegrityError:
        return False
    return True


def _hold_back(message: Message, news: News, now: datetime) -> None:
    """Suppress the address where the news say that it is dead or that its owner wants nothing."""
    address = news.address or message.to_address
    source = f"message {message.public_id}"
    if news.state is MessageState.COMPLAINED:
        reason, until = SuppressionReason.COMPLAINT, None
    elif news.state is MessageState.BOUNCED and news.bounce_class == BounceClass.HARD:
        reason, until = SuppressionReason.HARD_BOUNCE, None
    elif news.state is MessageState.BOUNCED and suppression.bounces_softly_often(message):
        reason, until = SuppressionReason.SOFT_BOUNCES, now + SOFT_REST
    else:
        return
    suppression.suppress(
        address, organization_id=message.organization_id, reason=reason, source=source, expires_at=until, now=now
    )


def _event(message: Message, news: News) -> Event:
    common: dict[str, Any] = {
        "organization_id": message.organization_id,
        "message_id": message.pk,
        "reference": message.reference,
        "kind": message.kind,
    }
    address = news.address or message.to_address
    detail = news.detail[:LONGEST_DETAIL]
    match news.state:
        case MessageState.ACCEPTED:
            return MessageAccepted(**common)
        case MessageState.DELIVERED:
            return MessageDelivered(**common)
        case MessageState.BOUNCED:
            return MessageBounced(**common, address=address, bounce_class=news.bounce_class, detail=detail)
        case MessageState.COMPLAINED:
            return MessageComplained(**common, address=address)
        case MessageState.UNKNOWN:
            return MessageUnknown(**common)
    return MessageFailed(**common, detail=detail)
