"""Who sends events: a website, an app, a server, each with a write key of its own."""

from __future__ import annotations

import hashlib
import secrets
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices

PREFIX = "ccw_"
SHOWN_LENGTH = 12


def new_write_key() -> str:
    """A fresh write key of 192 bits, recognisable by its prefix."""
    return PREFIX + secrets.token_urlsafe(24)


def digest(write_key: str) -> str:
    """What is stored of a write key. A fast hash is enough: random bits cannot be guessed."""
    return hashlib.sha256(write_key.encode()).hexdigest()


class SourceKind(StatusChoices):
    """Where the events come from."""

    WEBSITE = "website", "info", "browser", _("Website")
    MOBILE = "mobile", "info", "device-mobile", _("App")
    SERVER = "server", "neutral", "server", _("Server")


class SourceQuerySet(OwnedQuerySet["Source"]):
    """Questions about sources."""

    def live(self) -> Self:
        """Those that may send."""
        return self.filter(revoked_at=None)

    def to_announce(self) -> Self:
        """Those that may send, or did until after the last announcement."""
        return self.filter(Q(revoked_at=None) | Q(revoked_at__gt=F("announced_until")))


class Source(OrganizationOwned):
    """One sender of events. Its write key is shown once and stored as a hash.

    `allowed_origins` are the websites whose pages may send with this key, one a line; a browser tells where its page is
    from, a server does not. `announced_until` is how far `EventsReceived` has told.
    """

    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=SourceKind.choices)
    shown_prefix = models.CharField(_("begins with"), max_length=SHOWN_LENGTH, editable=False)
    key_sha256 = models.CharField(max_length=64, editable=False)
    allowed_origins = models.TextField(_("websites that may send"), blank=True)
    accepts_old = models.BooleanField(_("accepts events of any age"), default=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(_("switched off"), null=True, blank=True)
    # That of the organisation's settings: read with the key, so that a batch costs one look-up.
    plan_version = models.PositiveIntegerField(default=0, editable=False)
    announced_until = models.DateTimeField(default=timezone.now, editable=False)
    last_received_at = models.DateTimeField(_("last event"), null=True, blank=True, editable=False)

    # Read before the request's organisation is known, so no row-level security (`core/row_security.py`).
    decides_who_asks = True

    objects = SourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("source of events")
        verbose_name_plural = _("sources of events")
        constraints = [
            models.UniqueConstraint(fields=["key_sha256"], name="source_write_key"),
            models.UniqueConstraint(
                fields=["organization", "name"], name="source_name_once", condition=Q(revoked_at__isnull=True)
            ),
        ]
        indexes = [models.Index(fields=["organization", "-id"], name="source_newest")]

    def __str__(self) -> str:
        return self.name

    @property
    def kind_choice(self) -> SourceKind:
        """The kind, with its icon."""
        return SourceKind(self.kind)

    @property
    def is_live(self) -> bool:
        """Whether it may send."""
        return self.revoked_at is None

    @property
    def origins(self) -> list[str]:
        """The websites that may send."""
        return self.allowed_origins.split()
