"""Where customers are served, and by whom."""

from __future__ import annotations

import zoneinfo
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models.organization import validate_time_zone
from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.customers.models.key_field import KeyField


class BranchQuerySet(OwnedQuerySet["Branch"]):
    """Questions about branches."""

    def active(self) -> Self:
        """Branches that take visits."""
        return self.filter(is_active=True)


class Branch(OrganizationOwned):
    """A shop, an office, a counter. It is closed, never deleted: visits point to it."""

    name = models.CharField(_("name"), max_length=100)
    name_key = KeyField(max_length=200, editable=False)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text=_("Empty: the organisation's."),
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        help_text=_("Two letters; how phone numbers without a country are read. Empty: the organisation's."),
    )
    is_active = models.BooleanField(_("open"), default=True)

    objects = BranchQuerySet.as_manager()

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        constraints = [models.UniqueConstraint(fields=["organization", "name_key"], name="branch_name_any_case")]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """Its time zone, or the organisation's."""
        return zoneinfo.ZoneInfo(self.time_zone or self.organization.time_zone)


class StaffMemberQuerySet(OwnedQuerySet["StaffMember"]):
    """Questions about staff."""

    def active(self) -> Self:
        """People who serve customers today."""
        return self.filter(is_active=True)


class StaffMember(OrganizationOwned):
    """Somebody who serves customers; with or without an account of their own."""

    name = models.CharField(_("name"), max_length=100)
    name_key = KeyField(max_length=200, editable=False)
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, null=True, blank=True, related_name="staff", verbose_name=_("branch")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("account"),
    )
    is_active = models.BooleanField(_("works here"), default=True)

    objects = StaffMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff members")
        constraints = [
            # Two constraints, because a missing branch equals nothing in SQL.
            models.UniqueConstraint(
                fields=["organization", "branch", "name_key"],
                condition=Q(branch__isnull=False),
                name="staff_name_once_in_branch",
            ),
            models.UniqueConstraint(
                fields=["organization", "name_key"],
                condition=Q(branch__isnull=True),
                name="staff_name_once_without_branch",
            ),
        ]

    def __str__(self) -> str:
        return self.name
