"""What the language model cost each day, and when the built-in models had to stand in."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.intelligence.reasons import Reason


class TokenUse(OrganizationOwned):
    """Tokens of one organisation on one day (of its own time zone): used, or reserved by calls under way."""

    day = models.DateField(_("day"))
    tokens = models.PositiveIntegerField(_("tokens"), default=0)
    calls = models.PositiveIntegerField(_("calls"), default=0)

    objects = OwnedQuerySet["TokenUse"].as_manager()

    class Meta:
        verbose_name = _("token use")
        verbose_name_plural = _("token use")
        constraints = [models.UniqueConstraint(fields=["organization", "day"], name="token_use_per_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.tokens}"


class Fallback(OrganizationOwned):
    """One time that the built-in models stood in; forgotten after 30 days. It holds nothing of what was written."""

    at = models.DateTimeField(_("when"))
    task = models.CharField(_("task"), max_length=40)
    reason = models.CharField(_("why"), max_length=20, choices=Reason.choices)
    detail = models.CharField(_("detail"), max_length=200, blank=True)

    objects = OwnedQuerySet["Fallback"].as_manager()

    class Meta:
        verbose_name = _("fallback")
        verbose_name_plural = _("fallbacks")
        indexes = [
            models.Index(fields=["organization", "-id"], name="fallback_newest"),
            models.Index(fields=["at"], name="fallback_age"),
        ]

    def __str__(self) -> str:
        return f"{self.task}: {self.reason}"
