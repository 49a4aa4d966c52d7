"""What became of the mails of a demo: history that is painted, because nobody ever got them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from apps.messaging.models import BounceClass, Message, MessageEvent, MessageState

HANDED_OVER_AFTER = timedelta(seconds=3)
ENDED_AFTER = timedelta(seconds=9)


def settle(arrived: Sequence[Message], returned: Sequence[Message]) -> None:
    """Let waiting mails have gone their way soon after they were written. Announces nothing, sends nothing.

    Those in `returned` met a full mailbox.
    """
    ended_at = F("created_at") + ENDED_AFTER
    went: dict[str, Any] = {
        "attempts": 1,
        "accepted_at": F("created_at") + HANDED_OVER_AFTER,
        "state_at": ended_at,
    }
    full = _("The mailbox is full.")
    Message.objects.filter(pk__in=[message.pk for message in arrived]).update(
        **went, state=MessageState.DELIVERED, delivered_at=ended_at
    )
    Message.objects.filter(pk__in=[message.pk for message in returned]).update(
        **went, state=MessageState.BOUNCED, bounce_class=BounceClass.SOFT, last_error=full
    )
    events: list[MessageEvent] = []
    for message in (*arrived, *returned):
        events.append(_event(message, MessageState.SENDING, timedelta()))
        events.append(_event(message, MessageState.ACCEPTED, HANDED_OVER_AFTER))
    events += [_event(message, MessageState.DELIVERED, ENDED_AFTER) for message in arrived]
    events += [_event(message, MessageState.BOUNCED, ENDED_AFTER, code="4.2.2", detail=full) for message in returned]
    MessageEvent.objects.bulk_create(events)


def _event(
    message: Message, state: MessageState, after: timedelta, *, code: str = "", detail: str = ""
) -> MessageEvent:
    at: datetime = message.created_at + after
    return MessageEvent(
        organization_id=message.organization_id, message=message, state=state, at=at, code=code, detail=detail
    )
