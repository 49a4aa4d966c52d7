"""Files of the data lake: a row exists from the moment that something has to be stored."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices


class FileState(StatusChoices):
    """How far a file is on its way into the lake."""

    WAITING = "waiting", "info", "clock", _("Waiting")
    STORED = "stored", "good", "circle-check", _("Stored")
    FAILED = "failed", "bad", "alert-triangle", _("Failed")


class LakeFileQuerySet(OwnedQuerySet["LakeFile"]):
    """Questions about files."""

    def waiting(self) -> Self:
        """Not in the lake yet, and not given up."""
        return self.filter(state=FileState.WAITING)

    def due(self, now: datetime) -> Self:
        """Waiting, not backing off, and in no living worker's hands."""
        return self.waiting().filter(Q(lease_until=None) | Q(lease_until__lte=now), next_attempt_at__lte=now)

    def failed(self) -> Self:
        """Given up: a person has to look."""
        return self.filter(state=FileState.FAILED)


class LakeFile(OrganizationOwned):
    """One file. `content` is kept until the lake has it, so a file is never lost on the way."""

    path = models.CharField(_("path"), max_length=400)
    # Fixed with the row: a renamed organisation must not store a second copy under a second name.
    lake_path = models.CharField(_("path in the lake"), max_length=500, editable=False)
    reference = models.CharField(_("reference"), max_length=100)
    content = models.BinaryField(_("content"), null=True, editable=False)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=FileState.choices, default=FileState.WAITING)
    backend = models.CharField(_("store"), max_length=20, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    lease_until = models.DateTimeField(_("in work until"), null=True, blank=True)
    created_at = models.DateTimeField(_("since"))
    stored_at = models.DateTimeField(_("stored"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)

    objects = LakeFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file in the lake")
        verbose_name_plural = _("files in the lake")
        constraints = [
            models.UniqueConstraint(fields=["organization", "path"], name="lake_file_once"),
            models.CheckConstraint(
                condition=Q(state=FileState.STORED) | Q(content__isnull=False), name="lake_content_until_stored"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="lake_newest"),
            models.Index(fields=["organization", "state", "-id"], name="lake_newest_by_state"),
            models.Index(fields=["organization", "reference"], name="lake_of_reference"),
            models.Index(fields=["next_attempt_at"], name="lake_due", condition=Q(state="waiting")),
            models.Index(fields=["id"], name="lake_failed", condition=Q(state="failed")),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def state_choice(self) -> FileState:
        """The state with its word, tone and icon."""
        return FileState(self.state)
