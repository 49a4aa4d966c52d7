"""Addresses to which nothing is sent any more."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.messaging.address import address_sha256


class SuppressionScope(models.TextChoices):
    """How much is held back."""

    ALL = "all", _("every mail")
    MARKETING = "marketing", _("every mail that is not transactional")


class SuppressionReason(models.TextChoices):
    """Why."""

    HARD_BOUNCE = "hard_bounce", _("the address does not exist")
    COMPLAINT = "complaint", _("a mail was marked as spam")
    SOFT_BOUNCES = "soft_bounces", _("several mails in a row were not taken")
    MANUAL = "manual", _("a person decided so")


class SuppressionQuerySet(OwnedQuerySet["Suppression"]):
    """Questions about suppressions."""

    def active(self, now: datetime) -> Self:
        """Neither released nor run out."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), released_at=None)

    def found_by(self, words: str) -> Self:
        """Whose address holds these words; a whole address is also found after it was erased."""
        return self.filter(Q(address__icontains=words) | Q(address_sha256=address_sha256(words.lower())))

    def run_out(self, now: datetime) -> Self:
        """Past their end, and not yet marked as released."""
        return self.filter(released_at=None, expires_at__lte=now)

    def against(self, address: str, *, is_transactional: bool) -> Self:
        """Those that hold back a mail of this kind to this (normalised) address."""
        found = self.filter(address_sha256=address_sha256(address))
        return found.filter(scope=SuppressionScope.ALL) if is_transactional else found


class Suppression(OrganizationOwned):
    """One address held back. Found by its hash, so that it outlives the address when that is erased."""

    address = models.EmailField(_("address"), blank=True)
    address_sha256 = models.CharField(max_length=64, editable=False)
    scope = models.CharField(_("holds back"), max_length=10, choices=SuppressionScope.choices)
    reason = models.CharField(_("reason"), max_length=20, choices=SuppressionReason.choices)
    source = models.CharField(_("source"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("since"))
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    released_at = models.DateTimeField(_("released"), null=True, blank=True)
    released_by = models.CharField(_("released by"), max_length=200, blank=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "address_sha256", "scope"],
                name="suppressed_once",
                condition=Q(released_at__isnull=True),
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="suppression_newest"),
            models.Index(fields=["expires_at"], name="suppression_end", condition=Q(released_at__isnull=True)),
        ]

    def is_active(self, now: datetime) -> bool:
        """Whether mails are held back now."""
        return self.released_at is None and (self.expires_at is None or self.expires_at > now)

    def __str__(self) -> str:
        return f"{self.address or self.address_sha256[:12]}: {self.get_reason_display()}"
