"""Who works in which organisation, as what."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Can, Role, allowed
from apps.core.models import OrganizationOwned, OwnedQuerySet


class MembershipQuerySet(OwnedQuerySet["Membership"]):
    """Questions about memberships."""

    def active(self) -> Self:
        """Memberships with which somebody may work."""
        return self.filter(is_active=True, user__is_active=True)

    def admins(self) -> Self:
        """People who may change everything in their organisation."""
        return self.filter(role=Role.ADMIN)


class Membership(OrganizationOwned):
    """A user in an organisation. Actions are done `by` a membership or another actor."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.AGENT)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    # Read before the request's organisation is known, so no row-level security (`core/row_security.py`).
    decides_who_asks = True

    change_is_told = True  # remembered between requests: `core/memory.py`

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="member_once")]

    def __str__(self) -> str:
        return str(self.user)

    def can(self, permission: Can) -> bool:
        """Whether the role holds this permission."""
        return allowed(self.role, permission)

    @property
    def audit_user_id(self) -> int | None:
        """The person whom the audit log names."""
        return self.user_id

    @property
    def audit_label(self) -> str:
        """How the audit log names them."""
        return str(self.user)
