"""Files that people hand in: what they are by their bytes, where they came from, and whether they may leave again."""

from __future__ import annotations

import secrets
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models.owned import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices


class FileState(StatusChoices):
    """How far the look for viruses is."""

    QUARANTINE = "quarantine", "neutral", "clock", _("Being checked")
    CLEAN = "clean", "good", "check", _("Ready")
    INFECTED = "infected", "bad", "ban", _("Infected")
    ERROR = "error", "warn", "alert-triangle", _("Not checked")


class FileQuerySet(OwnedQuerySet["StoredFile"]):
    """Questions about files."""

    def clean(self) -> Self:
        """Files that may leave."""
        return self.filter(state=FileState.CLEAN)

    def waiting(self) -> Self:
        """Files that the scanner has still to see."""
        return self.filter(state=FileState.QUARANTINE)


def random_path(instance: StoredFile, filename: str) -> str:
    """Where the bytes are kept: nothing of the person's name for the file gets near the file system."""
    return f"{instance.organization_id}/{secrets.token_hex(16)}"


class StoredFile(OrganizationOwned):
    """One version of a file."""

    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=100, help_text=_("Media type, told from the bytes."))
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64)
    content = models.FileField(upload_to=random_path)
    thumbnail = models.FileField(upload_to=random_path, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=FileState.choices, default=FileState.QUARANTINE)
    finding = models.CharField(_("what the scanner said"), max_length=200, blank=True)
    scan_attempts = models.PositiveSmallIntegerField(default=0)
    scanned_at = models.DateTimeField(_("checked"), null=True, blank=True)
    supersedes = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="newer", verbose_name=_("older version")
    )
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    reference = models.CharField(_("belongs to"), max_length=100, blank=True)
    permission = models.CharField(
        _("who may download it"), max_length=50, blank=True, help_text=_("Empty: every member of the organisation.")
    )
    created_at = models.DateTimeField(_("uploaded"))

    objects = FileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = [
            models.Index(fields=["organization", "reference", "-id"], name="file_of_record"),
            models.Index(fields=["id"], name="file_waiting", condition=models.Q(state=FileState.QUARANTINE)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state_choice(self) -> FileState:
        """The state with its tone and icon."""
        return FileState(self.state)
