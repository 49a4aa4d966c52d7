"""How far an import is: counted, shown to whoever looks, and with it the lease is kept and a wish to stop is heard."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.imports.actions.sweeping import LEASE
from apps.imports.models import ImportChunk, ImportRun, counters_of
from apps.imports.target import Outcome

ASIDE_EVERY_SECONDS = 1.0


class Cancelled(Exception):
    """A person stopped the run."""


@dataclass
class Progress:
    """Counters of the work at hand."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    withheld: int = 0
    rejected: int = 0
    made: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    told_at: float = 0.0

    def add(self, outcome: Outcome | ImportChunk) -> None:
        """Count a chunk."""
        for name, value in counters_of(outcome).items():
            setattr(self, name, getattr(self, name) + value)
        for label, ranges in outcome.made.items():
            self.made.setdefault(label, []).extend((first, last) for first, last in ranges)


def report(run: ImportRun, progress: Progress, bytes_read: int, *, is_unseen: bool) -> None:
    """Write the counters into the run and renew its lease. Raises Cancelled when a person wants it to stop.

    `is_unseen`: this process's transaction stays open until the file is through, so the run is told over another
    connection, and not for every part.
    """
    values: dict[str, Any] = {name: getattr(progress, name) for name in run.counters}
    values["bytes_done"] = min(bytes_read, run.bytes_total)
    values["lease_until"] = timezone.now() + LEASE
    for name, value in values.items():
        setattr(run, name, value)
    if is_unseen:
        if time.monotonic() - progress.told_at > ASIDE_EVERY_SECONDS:
            progress.told_at = time.monotonic()
            _report_aside(run)
        return
    ImportRun.objects.filter(pk=run.pk).update(**values)
    if ImportRun.objects.filter(pk=run.pk, is_cancel_wanted=True).exists():
        raise Cancelled


def _report_aside(run: ImportRun) -> None:
    aside = connection.copy()
    try:
        with aside.cursor() as cursor:
            cursor.execute(
                "UPDATE imports_importrun SET rows = %s, created = %s, rejected = %s, bytes_done = %s, lease_until = %s"
                " WHERE id = %s RETURNING is_cancel_wanted",
                [run.rows, run.created, run.rejected, run.bytes_done, run.lease_until, run.pk],
            )
            answer = cursor.fetchone()
    finally:
        aside.close()
    if answer and answer[0]:
        raise Cancelled
