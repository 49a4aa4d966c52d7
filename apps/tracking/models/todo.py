"""What still has to follow from an event that is stored: written with it, taken away when it is done."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet


class TodoKind(models.TextChoices):
    """What has to follow."""

    OBSERVE = "observe", _("Say who it was")
    TIMELINE = "timeline", _("Tell the timeline")


class TodoQuerySet(OwnedQuerySet["Todo"]):
    """Questions about the work."""

    def due(self, now: datetime) -> Self:
        """What is to be tried now."""
        return self.filter(Q(not_before=None) | Q(not_before__lte=now))


class Todo(OrganizationOwned):
    """One piece of work for the sweep; the row is deleted when it is done, and tried again later when it failed."""

    kind = models.CharField(_("what"), max_length=10, choices=TodoKind.choices)
    source = models.ForeignKey("tracking.Source", on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(_("when it happened"))
    data = models.JSONField(_("details"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)

    not_before = models.DateTimeField(_("next attempt"), null=True, blank=True)

    objects = TodoQuerySet.as_manager()

    class Meta:
        verbose_name = _("work that follows")
        verbose_name_plural = _("work that follows")

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
