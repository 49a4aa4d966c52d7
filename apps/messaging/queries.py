"""Reads about mails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from apps.accounts.models import Organization
from apps.core.keyset import Keyset, Page
from apps.messaging.models import Message, MessageEvent, MessageState, Suppression

NEWEST = Keyset("-id")


@dataclass(frozen=True)
class HistoryRow:
    """One line of a delivery history. `resend_pk`: the message that a person may send again from here, if one."""

    at: datetime
    state: MessageState
    detail: str
    code: str
    provider: str
    address: str
    resend_pk: int | None = None


def history(reference: str, organization: Organization) -> list[HistoryRow]:
    """Everything that happened to the mails about one thing, oldest first. Two queries."""
    return history_of(list(Message.objects.owned_by(organization).about(reference).order_by("id")))


def history_of(messages: list[Message]) -> list[HistoryRow]:
    """Everything that happened to these mails, oldest first. One query."""
    by_id = {message.pk: message for message in messages}
    rows = [HistoryRow(message.created_at, MessageState.QUEUED, "", "", "", message.to_address) for message in messages]
    last: dict[int, int] = {}
    for event in MessageEvent.objects.filter(message__in=by_id).order_by("at", "id"):
        address = by_id[event.message_id].to_address
        last[event.message_id] = len(rows)
        rows.append(HistoryRow(event.at, MessageState(event.state), event.detail, event.code, event.provider, address))
    for pk, index in last.items():
        if by_id[pk].can_be_resent:
            rows[index] = replace(rows[index], resend_pk=pk)
    return sorted(rows, key=lambda row: row.at)


def outbox_page(organization: Organization, *, cursor: str = "", size: int = 50) -> Page[Message]:
    """Mails in the browser outbox, newest first, without their bodies. Raises Refused (`bad_cursor`)."""
    mails = Message.objects.owned_by(organization).in_outbox().defer("html", "text", "headers")
    return NEWEST.page(mails, cursor=cursor, size=size)


def suppressions(organization: Organization, *, words: str, is_all: bool, now: datetime) -> QuerySet[Suppression]:
    """Addresses that get nothing now, or with `is_all` also those of the past; `words` narrows to their addresses."""
    rows = Suppression.objects.owned_by(organization)
    if not is_all:
        rows = rows.active(now)
    return rows.found_by(words) if words else rows
