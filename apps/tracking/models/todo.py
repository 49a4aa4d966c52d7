"""What still has to follow from an event that is stored: written with it, taken away when it is done."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet


class TodoKind(models.TextChoices):
    """What has to follow."""

    OBSERVE = "observe", _("Say who it was")
    TIMELINE = "timeline", _("Tell the timeline")


class Todo(OrganizationOwned):
    """One piece of work for the sweep; the row is deleted when it is done."""

    kind = models.CharField(_("what"), max_length=10, choices=TodoKind.choices)
    source = models.ForeignKey("tracking.Source", on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(_("when it happened"))
    data = models.JSONField(_("details"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("work that follows")
        verbose_name_plural = _("work that follows")

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
