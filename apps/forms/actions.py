"""What happens to links: issue, revoke, open. (Using one up: `redemption.py`.)"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core import audit
from apps.core.refused import Refused
from apps.forms.models import LinkPurpose, LinkState, OneTimeLink, digest
from apps.forms.tokens import secret_of

MACHINE_SPEED = timedelta(seconds=5)
MACHINES = re.compile(
    r"bot|crawl|spider|scan|preview|fetch|curl|wget|python|java/|go-http|okhttp|headless|monitor|safelinks|proofpoint"
    r"|mimecast|barracuda|skype|slack|whatsapp|telegram|facebookexternal",
    re.I,
)


def issue(*, organization: Organization, purpose: LinkPurpose, expires_at: datetime, now: datetime) -> OneTimeLink:
    """Make a link; `tokens.write(link)` is its text. It works until `expires_at`, to the second."""
    seed = secrets.token_hex(32)
    return OneTimeLink.objects.create(
        organization=organization,
        purpose=purpose,
        seed=seed,
        secret_sha256=digest(secret_of(seed)),
        created_at=now,
        # The token knows whole seconds only; the row must not disagree with it.
        expires_at=expires_at.replace(microsecond=0),
    )


@transaction.atomic
def revoke(link: OneTimeLink, *, by: audit.Actor, now: datetime) -> OneTimeLink:
    """Make the link worthless. Raises Refused (`already_used`) when it was used; revoking twice changes nothing."""
    link = OneTimeLink.objects.select_for_update().get(pk=link.pk)
    if link.state(now) is LinkState.USED:
        raise Refused(_("The link has been used already."), code="already_used")
    if link.revoked_at is None:
        link.revoked_at = now
        link.save(update_fields=["revoked_at"])
        audit.record("link.revoked", by=by, organization_id=link.organization_id, on=link)
    return link


def note_opening(link: OneTimeLink, *, user_agent: str, now: datetime) -> None:
    """Remember the first opening; later ones write nothing, except the first by a person after a machine's.

    Machines (mail scanners, previews) tell themselves by name or by opening within seconds; it stays a guess.
    """
    by_machine = now - link.created_at < MACHINE_SPEED or not user_agent or bool(MACHINES.search(user_agent))
    unopened = OneTimeLink.objects.filter(pk=link.pk, first_opened_at=None)
    if link.first_opened_at is None:
        unopened.update(first_opened_at=now, is_opened_by_machine=by_machine)
    elif link.is_opened_by_machine and not by_machine:
        OneTimeLink.objects.filter(pk=link.pk, is_opened_by_machine=True).update(
            first_opened_at=now, is_opened_by_machine=False
        )
