"""Reads about intelligence: what today cost, when the built-in models stood in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from apps.accounts.models import Organization
from apps.intelligence import budget
from apps.intelligence.models import Fallback, TokenUse

SHOWN_FALLBACKS = 20


@dataclass(frozen=True)
class Today:
    """Tokens of the organisation's day against its budget. `used_ratio` 0 … 1."""

    tokens: int
    calls: int
    limit: int

    @property
    def used_ratio(self) -> float:
        """How much of the budget is gone."""
        return min(1.0, self.tokens / self.limit) if self.limit else 1.0


def today(organization: Organization, *, now: datetime) -> Today:
    """What the day cost so far, reservations of calls under way included."""
    use = TokenUse.objects.owned_by(organization).filter(day=budget.today(organization, now)).first()
    return Today(use.tokens if use else 0, use.calls if use else 0, settings.OPENAI_DAILY_TOKENS)


def last_fallbacks(organization: Organization) -> list[Fallback]:
    """The newest times that the built-in models stood in."""
    return list(Fallback.objects.owned_by(organization).order_by("-id")[:SHOWN_FALLBACKS])
