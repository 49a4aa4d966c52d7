"""Letters that make their readers members."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Role
from apps.core.models import OrganizationOwned, OwnedQuerySet


def new_secret() -> str:
    """What the letter's link carries: 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of it. A fast hash is enough: 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


class InvitationQuerySet(OwnedQuerySet["Invitation"]):
    """Questions about invitations."""

    def open(self, now: datetime) -> Self:
        """Neither accepted, nor taken back, nor expired."""
        return self.waiting().filter(expires_at__gt=now)

    def waiting(self) -> Self:
        """Neither accepted nor taken back, perhaps too old: one per address."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(OrganizationOwned):
    """A letter that makes its reader a member. Only a hash of its secret is stored."""

    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.AGENT)
    secret_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("sent"), auto_now_add=True)
    expires_at = models.DateTimeField(_("works until"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="one_open_invitation",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.get_role_display()})"
