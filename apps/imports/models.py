"""A file on its way into tables: the run, its chunks, what it changed, and saved mappings."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership
from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices


class RunState(StatusChoices):
    """How far a file is."""

    UPLOADED = "uploaded", "info", "upload", _("Uploaded")
    CHECKED = "checked", "info", "clipboard-check", _("Checked")
    RUNNING = "running", "warn", "loader-2", _("Being imported")
    DONE = "done", "good", "circle-check", _("Imported")
    FAILED = "failed", "bad", "alert-triangle", _("Failed")
    CANCELLED = "cancelled", "neutral", "ban", _("Cancelled")
    UNDONE = "undone", "neutral", "arrow-back-up", _("Taken back")


class Work(models.TextChoices):
    """What a worker is asked to do with a run."""

    NONE = "", _("Nothing")
    CHECK = "check", _("Check the whole file")
    IMPORT = "import", _("Import")
    UNDO = "undo", _("Take back")


class ImportRunQuerySet(OwnedQuerySet["ImportRun"]):
    """Questions about runs."""

    def due(self, now: datetime) -> Self:
        """Those that ask for work and are in no living worker's hands."""
        return self.exclude(work=Work.NONE).filter(Q(lease_until=None) | Q(lease_until__lte=now))


class ImportRun(OrganizationOwned):
    """One file for one target.

    `mapping`: field key → number of the column; `constants`: field key → the value of every row. `path` and
    `error_path` are relative to the folder of imports. Counters are those of the last finished work.
    """

    target = models.CharField(_("what"), max_length=50)
    source = models.CharField(_("source"), max_length=50, default="file")
    name = models.CharField(_("file"), max_length=200)
    path = models.CharField(max_length=300, editable=False)
    size = models.BigIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    settings = models.JSONField(_("how the file is written"), default=dict)
    columns = models.JSONField(_("columns"), default=list)
    layout = models.CharField(_("known layout"), max_length=50, blank=True)
    mapping = models.JSONField(_("mapping"), default=dict)
    constants = models.JSONField(_("fixed values"), default=dict)
    questions = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    state = models.CharField(_("state"), max_length=10, choices=RunState.choices, default=RunState.UPLOADED)
    work = models.CharField(max_length=10, choices=Work.choices, blank=True, default=Work.NONE)
    lease_until = models.DateTimeField(null=True, blank=True)
    is_cancel_wanted = models.BooleanField(default=False)
    rows = models.BigIntegerField(_("rows"), default=0)
    created = models.BigIntegerField(_("created"), default=0)
    updated = models.BigIntegerField(_("updated"), default=0)
    unchanged = models.BigIntegerField(_("unchanged"), default=0)
    withheld = models.BigIntegerField(_("withheld"), default=0)
    rejected = models.BigIntegerField(_("rejected"), default=0)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(default=0)
    error_path = models.CharField(max_length=300, blank=True, editable=False)
    error = models.CharField(_("error"), max_length=500, blank=True)
    error_code = models.CharField(max_length=50, blank=True)
    corrects = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="corrections", db_index=False
    )
    created_by = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    created_by_label = models.CharField(_("by"), max_length=200)
    created_at = models.DateTimeField(_("uploaded"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [
            models.Index(fields=["organization", "-id"], name="import_newest"),
            models.Index(fields=["id"], name="import_due", condition=~Q(work="")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state_choice(self) -> RunState:
        """The state with its word, tone and icon."""
        return RunState(self.state)

    @property
    def file(self) -> Path:
        """Where the uploaded file lies."""
        return folder() / self.path

    @property
    def error_file(self) -> Path | None:
        """Where the rejected rows lie, if there are any."""
        return folder() / self.error_path if self.error_path else None

    @property
    def is_busy(self) -> bool:
        """Whether a worker has or will have it in hand."""
        return self.work != Work.NONE

    @property
    def percent(self) -> int:
        """How much of the file is through, as far as it can be told."""
        if self.state == RunState.DONE:
            return 100
        return min(99, int(100 * self.bytes_done / self.bytes_total)) if self.bytes_total else 0

    def seconds_left(self, now: datetime) -> int | None:
        """How much longer at the pace so far; None while that cannot be told."""
        if not self.is_busy or self.started_at is None or not 0 < self.bytes_done < self.bytes_total:
            return None
        taken = (now - self.started_at).total_seconds()
        return max(1, round(taken * (self.bytes_total - self.bytes_done) / self.bytes_done))

    @property
    def counters(self) -> dict[str, int]:
        """Rows, and what became of them."""
        names = ("rows", "created", "updated", "unchanged", "withheld", "rejected")
        return {name: getattr(self, name) for name in names}


class ImportChunk(OrganizationOwned):
    """A part of a file that is stored: written in its transaction, so that after a kill the next worker goes on here.

    `made`: model label → ranges of created ids; `rejected`: what the target rejected while storing.
    """

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    withheld = models.PositiveIntegerField(default=0)
    made = models.JSONField(default=dict)
    rejected = models.JSONField(default=list)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("part of an import")
        verbose_name_plural = _("parts of imports")
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_chunk_once")]

    def __str__(self) -> str:
        return f"{self.run_id}, {self.number}"


class ImportChange(OrganizationOwned):
    """The values that a row had before an import changed it."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="changes", db_index=False)
    label = models.CharField(max_length=100)
    object_id = models.BigIntegerField()
    before = models.JSONField()

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("change by an import")
        verbose_name_plural = _("changes by imports")
        indexes = [
            models.Index(fields=["run", "id"], name="import_change_of_run"),
            models.Index(fields=["label", "object_id"], name="import_change_of_object"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.object_id}"


class ImportMapping(OrganizationOwned):
    """A mapping that somebody saved: field key → the column's name, with the settings of such files."""

    name = models.CharField(_("name"), max_length=100)
    target = models.CharField(_("what"), max_length=50)
    source = models.CharField(_("source"), max_length=50, default="file")
    mapping = models.JSONField(_("mapping"), default=dict)
    constants = models.JSONField(_("fixed values"), default=dict)
    settings = models.JSONField(_("how the file is written"), default=dict)
    created_at = models.DateTimeField(_("saved"), default=timezone.now)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved mapping")
        verbose_name_plural = _("saved mappings")
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="import_mapping_name_once")]

    def __str__(self) -> str:
        return self.name


def folder() -> Path:
    """Where uploaded files and error files lie."""
    path = Path(settings.VAR_DIR) / "imports"
    path.mkdir(parents=True, exist_ok=True)
    return path


def forget_files(path: Path) -> None:
    """Remove an uploaded file and what was made of it."""
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink(missing_ok=True)


def counters_of(stored: Any) -> dict[str, int]:
    """The counters that a chunk and an outcome share."""
    return {name: getattr(stored, name) for name in ("created", "updated", "unchanged", "withheld")}
