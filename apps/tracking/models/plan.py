"""What events should look like."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices
from apps.tracking.models.event import LONGEST_NAME, CallType


class PlanMode(StatusChoices):
    """What happens to an event that does not fit."""

    ALLOW = "allow", "good", "circle-check", _("Allow")
    WARN = "warn", "warn", "alert-triangle", _("Accept and report")
    BLOCK = "block", "bad", "ban", _("Block")


class PlanEvent(OrganizationOwned):
    """One event of the tracking plan: a JSON Schema of its properties (of its traits, for identify and group)."""

    type = models.CharField(_("call"), max_length=10, choices=CallType.choices, default=CallType.TRACK)
    name = models.CharField(_("event"), max_length=LONGEST_NAME, blank=True)
    description = models.CharField(_("what it means"), max_length=300, blank=True)
    schema = models.JSONField(_("JSON Schema of the properties"), default=dict, blank=True)
    mode = models.CharField(_("when it does not fit"), max_length=5, choices=PlanMode.choices, default=PlanMode.WARN)
    is_key_event = models.BooleanField(_("show on the customer's timeline"), default=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("planned event")
        verbose_name_plural = _("tracking plan")
        constraints = [models.UniqueConstraint(fields=["organization", "type", "name"], name="plan_event_once")]

    def __str__(self) -> str:
        return self.name or str(CallType(self.type).label)

    @property
    def call(self) -> CallType:
        """The type, with its icon."""
        return CallType(self.type)

    @property
    def mode_choice(self) -> PlanMode:
        """The mode, with its tone and icon."""
        return PlanMode(self.mode)


class TrackingSettings(OrganizationOwned):
    """How an organisation takes events in. `version` grows with every change here or in the plan."""

    unknown_events = models.CharField(
        _("events that are not in the plan"), max_length=5, choices=PlanMode.choices, default=PlanMode.ALLOW
    )
    late_days = models.PositiveSmallIntegerField(_("accept events up to this age, in days"), default=30)
    retention_months = models.PositiveSmallIntegerField(_("delete events after so many months"), null=True, blank=True)
    test_users = models.TextField(_("test users"), blank=True)
    consent_categories = models.JSONField(_("consent categories"), default=dict, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("tracking settings")
        verbose_name_plural = _("tracking settings")
        constraints = [models.UniqueConstraint(fields=["organization"], name="tracking_settings_once")]

    def __str__(self) -> str:
        return str(self.organization)
