"""Sign-in sessions that know whose they are, so that one SELECT answers who asks."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models.membership import Membership


class SessionQuerySet(models.QuerySet["Session"]):
    """Questions about sessions."""

    def with_person(self) -> Self:
        """Joined with the person, the membership with which they work, and its organisation."""
        return self.select_related("user", "membership__organization")


class Session(AbstractBaseSession):
    """One browser. The columns repeat what the signed data says; the session store keeps them equal."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, editable=False, related_name="+"
    )
    membership = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("member")
    )

    change_is_told = True  # remembered between requests: `core/memory.py`

    objects = SessionQuerySet.as_manager()  # type: ignore[misc,assignment]

    class Meta(AbstractBaseSession.Meta):
        verbose_name = _("sign-in session")  # type: ignore[assignment]
        verbose_name_plural = _("sign-in sessions")  # type: ignore[assignment]
