"""The mail by which somebody finds out whether mails arrive."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from apps.accounts.models import Membership
from apps.core import audit
from apps.messaging import compose
from apps.messaging.actions.message import Draft, send
from apps.messaging.models import Message

TEST = "test"


def trial_reference(organization_id: int) -> str:
    """What test mails of an organisation are filed under."""
    return f"messaging.test:{organization_id}"


@transaction.atomic
def send_test(to_address: str, *, by: Membership, now: datetime) -> Message:
    """Send a test e-mail in the name of the member's organisation. Raises Refused as `send` does."""
    context = {"person": by.audit_label, "home_url": f"{settings.BASE_URL}/"}
    language = by.user.language or by.organization.language
    composed = compose.render_email("messaging/email/test", context, by.organization, language)
    draft = Draft(
        kind=TEST,
        to_address=to_address,
        subject=composed.subject,
        html=composed.html,
        text=composed.text,
        reference=trial_reference(by.organization_id),
    )
    message = send(draft, organization=by.organization, now=now)
    audit.record("message.test", by=by, organization_id=by.organization_id, on=message)
    return message
