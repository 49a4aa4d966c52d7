"""The day's tokens of an organisation: reserved before a call, corrected after it, never above the limit."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Greatest

from apps.accounts.models import Organization
from apps.intelligence.models import TokenUse


def today(organization: Organization, now: datetime) -> date:
    """The organisation's own day."""
    return now.astimezone(organization.zone).date()


def reserve(organization: Organization, tokens: int, *, now: datetime) -> TokenUse | None:
    """Take `tokens` out of today's budget, or None where it does not hold them. A killed call keeps its reservation."""
    use, _ = TokenUse.objects.owned_by(organization).get_or_create(
        organization=organization, day=today(organization, now)
    )
    # One conditional UPDATE: two calls at one time cannot both take the last tokens.
    taken = TokenUse.objects.filter(pk=use.pk, tokens__lte=settings.OPENAI_DAILY_TOKENS - tokens).update(
        tokens=F("tokens") + tokens, calls=F("calls") + 1
    )
    return use if taken else None


def settle(use: TokenUse, *, reserved: int, used: int) -> None:
    """Replace a reservation by what the call really cost."""
    TokenUse.objects.filter(pk=use.pk).update(tokens=Greatest(F("tokens") + used - reserved, 0))
