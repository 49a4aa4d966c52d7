"""Events as rows: an event exists exactly when the change that it tells of exists."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models.owned import OrganizationOwned, OwnedQuerySet


class OutboxQuerySet(OwnedQuerySet["OutboxEvent"]):
    """Questions about the outbox."""

    def waiting(self) -> Self:
        """Neither delivered to everybody nor given up."""
        return self.filter(delivered_at=None, dead_at=None)

    def due(self, now: datetime) -> Self:
        """Waiting, and not leased to a worker or backing off."""
        return self.waiting().filter(next_attempt_at__lte=now)

    def dead(self) -> Self:
        """Given up after the last attempt: a person has to look."""
        return self.exclude(dead_at=None)


class OutboxEvent(OrganizationOwned):
    """One announced event and how far its delivery is."""

    name = models.CharField(_("event"), max_length=100)
    payload = models.JSONField(_("content"))
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    announced_at = models.DateTimeField(_("announced"))
    next_attempt_at = models.DateTimeField(_("next attempt"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    dead_at = models.DateTimeField(_("given up"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="outbox_due",
                condition=Q(delivered_at__isnull=True, dead_at__isnull=True),
            ),
            models.Index(fields=["dead_at"], name="outbox_dead", condition=Q(dead_at__isnull=False)),
            models.Index(fields=["delivered_at"], name="outbox_delivered", condition=Q(delivered_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"

    @property
    def is_dead(self) -> bool:
        """Whether delivery was given up."""
        return self.dead_at is not None


class HandledEvent(models.Model):
    """A subscriber's receipt, written in the transaction of its work: a second delivery does nothing."""

    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="receipts", db_index=False)
    subscriber = models.CharField(max_length=150)
    handled_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "subscriber"], name="event_handled_once")]

    def __str__(self) -> str:
        return f"{self.subscriber} handled {self.event_id}"
