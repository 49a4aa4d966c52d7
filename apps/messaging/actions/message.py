"""Putting a mail on its way: `send` writes the row, a worker does the rest."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core import audit, waker
from apps.core.refused import Refused
from apps.messaging import unsubscribing
from apps.messaging.address import is_safe_header, normalised
from apps.messaging.models import Message, MessageEvent, MessageState, Suppression
from apps.messaging.models.message import RESENDABLE

SEND_TASK = "messaging.send_waiting"
TRY_FOR = timedelta(hours=24)
LONGEST_NAME = 200
LONGEST_SUBJECT = 500


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A mail as its author sees it.

    Args:
        kind: what it is for, for people and numbers: survey, invitation, account, test …
        reference: how the author finds it again (`feedback.surveyrequest:12`).
        transactional: the recipient waits for it; such a mail is held back only where nothing may be sent at all.
        headers: further headers.
        idempotency_key: a second draft of the organisation with the same key is the first message.
        unsubscribe: add the unsubscribe headers; `unsubscribing.PLACEHOLDER` in the bodies becomes the address.
        purpose: what the recipient unsubscribes from.
    """

    kind: str
    to_address: str
    subject: str
    text: str
    html: str = ""
    to_name: str = ""
    reference: str = ""
    reply_to: str = ""
    transactional: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""
    unsubscribe: bool = False
    purpose: str = ""


@transaction.atomic
def send(draft: Draft, *, organization: Organization, now: datetime) -> Message:
    """Write the message that a worker sends after the commit; never waits for a broker or a provider.

    Raises:
        Refused: `no_address`; `suppressed` when nothing may be sent there; `bad_header` for a line end or NUL in a
            header, which would let its author write headers of their own.
    """
    if draft.idempotency_key and (known := _known(draft, organization)):
        return known
    address = normalised(draft.to_address)
    if not address:
        raise Refused(_("There is no e-mail address to which this could be sent."), code="no_address")
    _refuse_suppressed(organization, address, draft.transactional, now)
    try:
        with transaction.atomic():
            message = _written(draft, address, organization, now)
    except IntegrityError:
        # The same key at the same moment: the faster one's message counts.
        if known := _known(draft, organization):
            return known
        raise
    transaction.on_commit(wake)
    return message


@transaction.atomic
def resend(message: Message, *, by: audit.Actor, now: datetime) -> Message:
    """Send a message again because a person says so, under its old Message-ID.

    Raises:
        Refused: `not_resendable` while it is on its way, arrived, or is no longer kept; `suppressed`.
    """
    message = Message.objects.select_for_update().get(pk=message.pk)
    if not message.can_be_resent:
        raise Refused(_("This message cannot be sent again."), code="not_resendable")
    organization = Organization.objects.get(pk=message.organization_id)
    _refuse_suppressed(organization, message.to_address, message.is_transactional, now)
    before = message.state
    changed = Message.objects.filter(pk=message.pk, state__in=RESENDABLE).update(
        state=MessageState.QUEUED,
        state_at=now,
        bounce_class="",
        attempts=0,
        next_attempt_at=now,
        give_up_at=now + TRY_FOR,
        lease_until=None,
        last_error="",
    )
    if not changed:
        raise Refused(_("This message cannot be sent again."), code="not_resendable")
    MessageEvent.objects.create(
        organization_id=message.organization_id,
        message=message,
        state=MessageState.QUEUED,
        at=now,
        detail=_("Sent again by %(person)s") % {"person": by.audit_label},
    )
    audit.record("message.resend", by=by, organization_id=message.organization_id, on=message, before={"state": before})
    transaction.on_commit(wake)
    message.refresh_from_db()
    return message


def wake() -> None:
    """Ask for waiting messages to be sent soon."""
    waker.wake(SEND_TASK)


def sender_of(organization: Organization | None) -> tuple[str, str]:
    """Name and address that mails of the organisation (or, before there is one, of the product) come from."""
    default_name, default_address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    if organization is None:
        return default_name or "Customer Compass", default_address
    return organization.sender_name or organization.name or default_name, organization.sender_email or default_address


def _written(draft: Draft, address: str, organization: Organization, now: datetime) -> Message:
    public_id = uuid.uuid4()
    from_name, from_address = sender_of(organization)
    headers = {**draft.headers, **(unsubscribing.headers(public_id) if draft.unsubscribe else {})}
    message = Message(
        organization=organization,
        public_id=public_id,
        kind=draft.kind,
        is_transactional=draft.transactional,
        purpose=draft.purpose,
        reference=draft.reference,
        idempotency_key=draft.idempotency_key,
        to_address=address,
        to_name=draft.to_name.strip()[:LONGEST_NAME],
        from_address=from_address,
        from_name=from_name,
        reply_to=draft.reply_to.strip(),
        subject=draft.subject.strip()[:LONGEST_SUBJECT],
        html=_body(draft.html, public_id),
        text=_body(draft.text, public_id),
        headers=headers,
        message_id=f"<{public_id}@{from_address.rpartition('@')[2]}>",
        state_at=now,
        next_attempt_at=now,
        give_up_at=now + TRY_FOR,
        created_at=now,
    )
    _refuse_bad_headers(message)
    message.save(force_insert=True)
    return message


def _body(text: str, public_id: uuid.UUID) -> str:
    # PostgreSQL cannot store NUL, and no mail program shows it.
    text = text.replace("\0", "")
    if unsubscribing.PLACEHOLDER in text:
        text = text.replace(unsubscribing.PLACEHOLDER, unsubscribing.address_of(public_id))
    if unsubscribing.PREFERENCES_PLACEHOLDER in text:
        text = text.replace(unsubscribing.PREFERENCES_PLACEHOLDER, unsubscribing.preferences_address_of(public_id))
    return text


def _refuse_bad_headers(message: Message) -> None:
    named = [*message.headers, *message.headers.values()]
    fields = [message.from_name, message.from_address, message.to_name, message.reply_to, message.subject, *named]
    # A header's name is printable ASCII without a colon (RFC 5322, 2.2).
    names = all(
        name and name.isascii() and name.isprintable() and not set(name) & set(": ") for name in message.headers
    )
    if not names or not all(map(is_safe_header, fields)):
        raise Refused(_("A line break cannot stand in the head of an e-mail."), code="bad_header")
    if message.reply_to and not normalised(message.reply_to):
        raise Refused(_("Answers cannot go to this address."), code="bad_header")


def _refuse_suppressed(organization: Organization, address: str, is_transactional: bool, now: datetime) -> None:
    held_back = Suppression.objects.owned_by(organization).active(now)
    if (found := held_back.against(address, is_transactional=is_transactional).first()) is not None:
        raise Refused(
            _("Nothing is sent to %(address)s: %(reason)s.")
            % {"address": address, "reason": found.get_reason_display()},
            code="suppressed",
        )


def _known(draft: Draft, organization: Organization) -> Message | None:
    return Message.objects.owned_by(organization).filter(idempotency_key=draft.idempotency_key).first()
