"""Keys for machines: hashed, scoped, revocable."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Can
from apps.core.models import OrganizationOwned, OwnedQuerySet

PREFIX = "cck_"
SHOWN_LENGTH = 12


def new_secret() -> str:
    """A fresh key of 256 bits, recognisable by its prefix."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a key. A fast hash is enough: 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiKeyQuerySet(OwnedQuerySet["ApiKey"]):
    """Questions about keys."""

    def live(self, now: datetime) -> Self:
        """Neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


class ApiKey(OrganizationOwned):
    """One machine's key. It acts for the organisation with the scopes that it was given."""

    name = models.CharField(_("name"), max_length=100)
    shown_prefix = models.CharField(_("begins with"), max_length=SHOWN_LENGTH, editable=False)
    secret_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(_("works until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    # Read before the request's organisation is known, so no row-level security (`core/row_security.py`).
    decides_who_asks = True

    change_is_told = True  # remembered between requests: `core/memory.py`

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        indexes = [models.Index(fields=["organization", "-id"], name="api_key_newest")]

    def __str__(self) -> str:
        return f"{self.name} ({self.shown_prefix}…)"

    def can(self, permission: Can) -> bool:
        """Whether the key was given this scope."""
        return permission.value in self.scopes

    @property
    def audit_user_id(self) -> int | None:
        """A machine is nobody."""
        return None

    @property
    def audit_label(self) -> str:
        """How the audit log names it."""
        return f"API key {self}"
