"""Why a provider did not help: the words that provenance, fallbacks and metrics use."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    """Why the built-in models answered although a provider is configured."""

    OVER_BUDGET = "over_budget", _("Today's token budget is used up")
    RATE_LIMITED = "rate_limited", _("More calls in a minute than allowed")
    BUSY = "busy", _("All places for calls at one time were taken")
    BREAKER_OPEN = "breaker_open", _("Paused after repeated failures")
    UNAVAILABLE = "unavailable", _("The provider did not answer in time or had an error")
    REJECTED = "rejected", _("The provider turned the call down (key, model or quota)")
    REFUSED = "refused", _("The model declined")
    UNUSABLE = "unusable", _("The answer could not be used")
