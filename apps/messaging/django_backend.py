"""Django's own mails (password reset, invitations, sign-in notices) take the way of all others: a row first."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from email.utils import parseaddr

import structlog
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.core import tenancy
from apps.core.refused import Refused
from apps.messaging import actions
from apps.messaging.actions.delivery import ACCOUNT
from apps.messaging.actions.message import sender_of
from apps.messaging.address import is_safe_header, normalised
from apps.messaging.providers.base import Mail, ProviderError

log = structlog.get_logger(__name__)

# Whoever writes the mail may say for which organisation, by its id; the header itself is not sent.
ORGANIZATION_HEADER = "X-Compass-Organization"


class EmailBackend(BaseEmailBackend):
    """Makes a message of the fitting organisation for each recipient. What cannot be sent never breaks a page."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many mails are on their way to at least one recipient."""
        sent = 0
        for email in email_messages:
            outcomes = [_send(email, address) for address in email.recipients()]
            sent += any(outcomes)
        return sent


def _send(email: EmailMessage, recipient: str) -> bool:
    if email.attachments:
        log.warning("mail_attachments_left_out", count=len(email.attachments))
    to_name, to_address = parseaddr(recipient)
    organization = _organization_for(email, to_address)
    try:
        if organization is None:
            actions.send_directly(_mail(email, to_name, to_address))
        else:
            with tenancy.inside(organization.pk):
                actions.send(_draft(email, to_name, to_address), organization=organization, now=timezone.now())
    except (Refused, ProviderError, ValueError) as error:
        log.warning("account_mail_not_sent", reason=str(error))
        return False
    return True


def _organization_for(email: EmailMessage, address: str) -> Organization | None:
    named = str(email.extra_headers.get(ORGANIZATION_HEADER, ""))
    if named.isdecimal() and (organization := Organization.objects.filter(pk=int(named)).first()):
        return organization
    of_recipient = Membership.objects.active().filter(user__email__iexact=address).select_related("organization")
    if (member := of_recipient.order_by("id").first()) is not None:
        return member.organization
    return Organization.objects.order_by("id").first()


def _draft(email: EmailMessage, to_name: str, to_address: str) -> actions.Draft:
    return actions.Draft(
        kind=ACCOUNT,
        to_address=to_address,
        to_name=to_name,
        subject=str(email.subject),
        text=str(email.body),
        html=_html(email),
        reply_to=_reply_to(email),
    )


def _mail(email: EmailMessage, to_name: str, to_address: str) -> Mail:
    public_id = uuid.uuid4()
    from_name, from_address = sender_of(None)
    address = normalised(to_address)
    if not address or not is_safe_header(f"{to_name}{email.subject}"):
        raise ValueError("no usable address or subject")
    return Mail(
        id=str(public_id),
        kind=ACCOUNT,
        message_id=f"<{public_id}@{from_address.rpartition('@')[2]}>",
        from_address=from_address,
        from_name=from_name,
        to_address=address,
        to_name=to_name,
        subject=str(email.subject),
        text=str(email.body),
        html=_html(email),
    )


def _html(email: EmailMessage) -> str:
    alternatives = email.alternatives if isinstance(email, EmailMultiAlternatives) else []
    return next((str(content) for content, kind in alternatives if kind == "text/html"), "")


def _reply_to(email: EmailMessage) -> str:
    return parseaddr(email.reply_to[0])[1] if email.reply_to else ""
