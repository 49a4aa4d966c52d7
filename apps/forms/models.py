"""Links that work once."""

from __future__ import annotations

import functools
import hashlib
import hmac
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices


class LinkPurpose(models.TextChoices):
    """What a link opens; a link for one thing never opens another."""

    SURVEY = "survey", _("Survey")


class LinkState(StatusChoices):
    """What a link is worth at a moment."""

    LIVE = "live", "info", "link", _("Waiting")
    USED = "used", "good", "circle-check", _("Used")
    EXPIRED = "expired", "neutral", "clock", _("Expired")
    REVOKED = "revoked", "neutral", "ban", _("Revoked")


def derived_key(purpose: str, secret_key: str | None = None) -> bytes:
    """A key of 256 bits for one use of the installation's secret key, so that no signature fits two uses."""
    return _derived(purpose, secret_key or settings.SECRET_KEY)


@functools.lru_cache(maxsize=16)
def _derived(purpose: str, secret_key: str) -> bytes:
    return hmac.digest(secret_key.encode(), f"compass.forms.{purpose}".encode(), "sha256")


def digest(secret: str) -> str:
    """What is stored of a secret. A fast hash is enough: 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


class LinkQuerySet(OwnedQuerySet["OneTimeLink"]):
    """Questions about links."""

    def live(self, now: datetime) -> Self:
        """Links with which somebody can still answer."""
        return self.filter(used_at=None, revoked_at=None, expires_at__gt=now)


class OneTimeLink(OrganizationOwned):
    """One link for one person. Whoever it is for keeps the reference to it (e.g. a survey request).

    Stored are a random seed and the hash of the secret; the secret itself is made of the seed and the installation's
    key, which is not in the database. So a copy of the database opens nothing, and a reminder can carry the same link.
    """

    purpose = models.CharField(_("purpose"), max_length=20, choices=LinkPurpose.choices)
    seed = models.CharField(max_length=64, editable=False)
    secret_sha256 = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("works until"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    first_opened_at = models.DateTimeField(_("first opened"), null=True, blank=True)
    is_opened_by_machine = models.BooleanField(
        _("probably opened by a machine"), default=False, help_text=_("A mail scanner, as far as one can tell.")
    )

    objects = LinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("one-time link")
        verbose_name_plural = _("one-time links")
        constraints = [models.UniqueConstraint(fields=["secret_sha256"], name="link_secret_once")]
        indexes = [models.Index(fields=["organization", "-id"], name="link_newest")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} #{self.pk}"

    def state(self, now: datetime) -> LinkState:
        """What the link is worth now. A used link stays used, whatever happened to it later."""
        if self.used_at is not None:
            return LinkState.USED
        if self.revoked_at is not None:
            return LinkState.REVOKED
        return LinkState.EXPIRED if self.expires_at <= now else LinkState.LIVE
