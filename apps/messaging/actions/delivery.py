"""The worker's half of a mail: claim, hand over, write down how it ended.

    queued ──claim──▶ queued + lease ──▶ sending ──▶ accepted | bounced | unknown | queued again | failed

Each arrow is a commit of its own, and `sending` stands before the network is touched. So a worker killed before it
left the mail provably unsent, and it is sent when the lease ends; a worker killed after it leaves `unknown`, which
nobody but a person sends again. The lease's value is also the fence: whoever finds another one has lost the mail.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from apps.core.outbox import announce
from apps.messaging import providers
from apps.messaging.actions import outcome
from apps.messaging.actions.outcome import News
from apps.messaging.bounces import class_of
from apps.messaging.events import MessageDelayed
from apps.messaging.models import Message, MessageEvent, MessageState, Suppression
from apps.messaging.providers.base import Mail, MaybeAccepted, NotAccepted, Provider, Receipt, RecipientRefused

log = structlog.get_logger(__name__)

BATCH = 50
MAX_ATTEMPTS = 6
# Longer than the slowest provider takes for one mail, whatever goes wrong there.
LEASE = timedelta(minutes=5)
# After this a worker puts back what it has not begun, so that it never holds more than it can finish.
STINT = timedelta(minutes=2)
SHORTEST_PAUSE_SECONDS = 2
KEPT_BY_US = "outbox"
ACCOUNT = "account"


def send_due(*, clock: Callable[[], datetime], limit: int = BATCH) -> int:
    """Send up to `limit` due messages; returns how many were claimed. Safe beside any number of other workers."""
    claimed_at = clock()
    messages = _claim(claimed_at, limit)
    chain = providers.chain() if messages else []
    for index, message in enumerate(messages):
        if clock() - claimed_at > STINT:
            _put_back(messages[index:])
            break
        _send(message, chain, clock)
    return len(messages)


def send_directly(mail: Mail) -> None:
    """Hand over a mail that has no row, because there is no organisation yet. Raises ProviderError."""
    reasons = []
    for provider in providers.chain():
        try:
            provider.send(mail)
        except NotAccepted as error:
            reasons.append(str(error))
        else:
            return
    raise NotAccepted("; ".join(reasons) or "no provider is configured")


def mark_abandoned(*, now: datetime, limit: int = BATCH) -> int:
    """Messages whose worker was killed while it sent them become `unknown`; returns how many."""
    with transaction.atomic():
        abandoned = list(_locked(Message.objects.abandoned(now).order_by("lease_until"))[:limit])
        for message in abandoned:
            detail = _("The worker stopped while it was sending.")
            outcome.advance(message, News(state=MessageState.UNKNOWN, at=now, detail=detail), now=now)
    return len(abandoned)


def mail_of(message: Message) -> Mail:
    """The message as providers see it."""
    return Mail(
        id=str(message.public_id),
        kind=message.kind,
        message_id=message.message_id,
        from_address=message.from_address,
        from_name=message.from_name,
        to_address=message.to_address,
        to_name=message.to_name,
        subject=message.subject,
        text=message.text,
        html=message.html,
        reply_to=message.reply_to,
        headers=message.headers,
    )


@transaction.atomic
def _claim(now: datetime, limit: int) -> list[Message]:
    messages = list(_locked(Message.objects.due(now).order_by("next_attempt_at", "id"))[:limit])
    lease = now + LEASE
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(lease_until=lease)
    for message in messages:
        message.lease_until = lease
    return messages


def _put_back(messages: Sequence[Message]) -> None:
    for message in messages:
        _held(message, MessageState.QUEUED).update(lease_until=None)


def _send(message: Message, chain: Sequence[Provider], clock: Callable[[], datetime]) -> None:
    if not _begin(message, clock()):
        return
    reasons: list[NotAccepted] = []
    for provider in chain:
        if not _hand_to(message, provider, clock()):
            return
        try:
            receipt = provider.send(mail_of(message))
        except NotAccepted as error:
            log.warning("mail_not_accepted", message_id=message.pk, provider=provider.name, error=str(error))
            reasons.append(error)
            continue
        except RecipientRefused as error:
            _refused(message, provider, error, clock())
        except MaybeAccepted as error:
            _lost_sight(message, provider, str(error), clock())
        except Exception as error:
            # A mistake of ours. Where it struck is not known, so neither is whether the mail left.
            log.exception("mail_provider_broke", message_id=message.pk, provider=provider.name)
            _lost_sight(message, provider, f"{type(error).__name__}: {error}", clock())
        else:
            _accepted(message, provider, receipt, clock())
        return
    _postpone(message, reasons, clock())


@transaction.atomic
def _begin(message: Message, now: datetime) -> bool:
    """Enter `sending`; False when the mail is not ours any more, or nothing may be sent to its address by now."""
    held_back = Suppression.objects.owned_by(message.organization_id).active(now)
    found = held_back.against(message.to_address, is_transactional=message.is_transactional).first()
    fields = {"state": MessageState.SENDING, "state_at": now, "attempts": F("attempts") + 1}
    if not _held(message, MessageState.QUEUED).update(**fields):
        return False
    message.state, message.attempts = MessageState.SENDING, message.attempts + 1
    if found is not None:
        news = News(state=MessageState.SUPPRESSED, at=now, detail=str(found.get_reason_display()))
        outcome.record(message.pk, news, now=now)
    return found is None


def _hand_to(message: Message, provider: Provider, now: datetime) -> bool:
    """Commit who gets the mail now, with a fresh lease; False when it is not ours any more."""
    lease = now + LEASE
    if not _held(message, MessageState.SENDING).update(provider=provider.name, lease_until=lease):
        return False
    message.provider, message.lease_until = provider.name, lease
    return True


@transaction.atomic
def _accepted(message: Message, provider: Provider, receipt: Receipt, now: datetime) -> None:
    news = News(
        state=MessageState.ACCEPTED,
        at=now,
        provider=provider.name,
        provider_message_id=receipt.provider_message_id,
    )
    outcome.record(message.pk, news, now=now)
    if receipt.is_delivered:
        outcome.record(message.pk, News(state=MessageState.DELIVERED, at=now, provider=provider.name), now=now)
    if message.kind == ACCOUNT and provider.name != KEPT_BY_US:
        # It carries a way into somebody's account: once it is out of the house, nobody here needs to read it.
        Message.objects.filter(pk=message.pk).update(html="", text="")


def _refused(message: Message, provider: Provider, error: RecipientRefused, now: datetime) -> None:
    news = News(
        state=MessageState.BOUNCED,
        at=now,
        provider=provider.name,
        code=error.status,
        detail=str(error),
        bounce_class=class_of(error.status),
    )
    outcome.record(message.pk, news, now=now)


def _lost_sight(message: Message, provider: Provider, detail: str, now: datetime) -> None:
    log.warning("mail_unknown", message_id=message.pk, provider=provider.name, error=detail)
    news = News(state=MessageState.UNKNOWN, at=now, provider=provider.name, detail=detail)
    outcome.record(message.pk, news, now=now)


@transaction.atomic
def _postpone(message: Message, reasons: Sequence[NotAccepted], now: datetime) -> None:
    """Nobody took it: try again later, or give up after the last attempt."""
    detail = "; ".join(map(str, reasons)) or _("No mail provider is configured.")
    # Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ (1, 4, 16, 64, 256 minutes)
    ceiling = 60 * 4 ** (message.attempts - 1)
    asked = min((reason.retry_after_seconds for reason in reasons), default=0)
    next_attempt_at = now + timedelta(seconds=max(random.uniform(SHORTEST_PAUSE_SECONDS, ceiling), asked))
    # A sweep may have called it unknown meanwhile; we know better, unless the mail has gone on to somebody else.
    ours = _held(message, MessageState.SENDING, MessageState.UNKNOWN)
    if message.attempts >= MAX_ATTEMPTS or next_attempt_at > message.give_up_at:
        if ours.exists():
            outcome.record(message.pk, News(state=MessageState.FAILED, at=now, detail=detail), now=now)
        return
    if not ours.update(
        state=MessageState.QUEUED,
        state_at=now,
        next_attempt_at=next_attempt_at,
        lease_until=None,
        last_error=detail[:500],
    ):
        return
    MessageEvent.objects.create(
        organization_id=message.organization_id,
        message=message,
        state=MessageState.DELAYED,
        at=now,
        detail=detail[:500],
    )
    if message.attempts == 1:
        announce(
            MessageDelayed(
                organization_id=message.organization_id,
                message_id=message.pk,
                reference=message.reference,
                kind=message.kind,
                detail=detail[:500],
            )
        )


def _held(message: Message, *states: MessageState) -> QuerySet[Message]:
    return Message.objects.filter(pk=message.pk, state__in=states, lease_until=message.lease_until)


def _locked(messages: QuerySet[Message]) -> QuerySet[Message]:
    # SQLite has no row locks; there the transaction has the whole database (BEGIN IMMEDIATE).
    skips = connection.features.has_select_for_update_skip_locked
    return messages.select_for_update(skip_locked=True) if skips else messages
