"""What was not stored as an event: nothing is dropped silently."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices
from apps.tracking.models.source import Source


class QuarantineReason(StatusChoices):
    """Why it waits here."""

    CONFLICT = "conflict", "warn", "versions", _("Same id, other content")
    BLOCKED = "blocked", "bad", "ban", _("Blocked by the tracking plan")
    TOO_OLD = "too_old", "warn", "clock-exclamation", _("Too old")
    REJECTED = "rejected", "bad", "alert-circle", _("Not a valid event")


class QuarantineState(StatusChoices):
    """What became of it."""

    WAITING = "waiting", "warn", "clock", _("Waits for a decision")
    RELEASED = "released", "good", "circle-check", _("Stored as an event")
    DISMISSED = "dismissed", "neutral", "trash", _("Put aside")


class QuarantineQuerySet(OwnedQuerySet["QuarantinedEvent"]):
    """Questions about the quarantine."""

    def waiting(self) -> Self:
        """Those about which nobody has decided."""
        return self.filter(state=QuarantineState.WAITING)


class QuarantinedEvent(OrganizationOwned):
    """One call that was not stored, as it came. The same one sent again adds no second row."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+", db_index=False)
    received_at = models.DateTimeField(_("received"))
    reason = models.CharField(_("why"), max_length=10, choices=QuarantineReason.choices)
    detail = models.CharField(_("details"), max_length=500, blank=True)
    type = models.CharField(_("call"), max_length=10, blank=True)
    name = models.CharField(_("event"), max_length=200, blank=True)
    message_id = models.CharField(_("message id"), max_length=100, blank=True)
    fingerprint = models.UUIDField(editable=False)
    body = models.JSONField(_("content"))
    state = models.CharField(
        _("state"), max_length=10, choices=QuarantineState.choices, default=QuarantineState.WAITING
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by_label = models.CharField(_("decided by"), max_length=200, blank=True)

    objects = QuarantineQuerySet.as_manager()

    class Meta:
        verbose_name = _("quarantined event")
        verbose_name_plural = _("quarantine")
        constraints = [
            models.UniqueConstraint(fields=["source", "message_id", "fingerprint"], name="quarantine_same_content_once")
        ]
        indexes = [
            models.Index(fields=["organization", "state", "-id"], name="quarantine_newest"),
            models.Index(fields=["source", "-id"], name="quarantine_of_source"),
        ]

    def __str__(self) -> str:
        return self.name or self.message_id or f"#{self.pk}"

    @property
    def reason_choice(self) -> QuarantineReason:
        """The reason, with its tone and icon."""
        return QuarantineReason(self.reason)

    @property
    def state_choice(self) -> QuarantineState:
        """The state, with its tone and icon."""
        return QuarantineState(self.state)

    @property
    def is_waiting(self) -> bool:
        """Whether somebody has to decide."""
        return self.state == QuarantineState.WAITING

    @property
    def may_be_released(self) -> bool:
        """Whether it could be stored: what is no valid event cannot."""
        return self.is_waiting and self.reason != QuarantineReason.REJECTED
