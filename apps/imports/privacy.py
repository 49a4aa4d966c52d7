"""What imports hold of a customer: rows of uploaded files, rejected rows, and what stood in a record before an import.

A file speaks of many people. An erasure takes the customer's rows out of the file of rejected rows, and removes the
uploaded file as a whole: it was read already, or its owner still has it and can send it without them.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import personal_data
from apps.core.personal_data import Holding, Part, Subject
from apps.core.refused import Refused
from apps.imports.actions.sweeping import LEASE
from apps.imports.error_file import harmless
from apps.imports.mentions import Mentions
from apps.imports.models import ImportChange, ImportChunk, ImportRun, RunState
from apps.imports.reader import ReadSettings

if TYPE_CHECKING:
    import polars as pl

# A preview, the erasure and its last look ask the same of a file within minutes; a large one takes seconds to read.
ANSWER_SECONDS = 600
SHOWN = frozenset({"target", "name", "created_at"})


class InHand(Exception):
    """A worker has the file at this moment; later it can be cleaned."""

    retry_after_seconds = LEASE.total_seconds()


def runs_of(subject: Subject) -> QuerySet[ImportRun]:
    """The imports whose files, as far as they are still there, speak of them."""
    runs = ImportRun.objects.owned_by(subject.organization_id)
    kept = runs.exclude(path="", error_path="")
    return runs.filter(pk__in=[run.pk for run in kept if _speaks_of(run, subject)])


def _files_of(run: ImportRun) -> list[Path]:
    """The file and what was made of it: the rejected rows of a check, those of the import, its columns."""
    return sorted(run.file.parent.glob(f"{run.file.name}*")) if run.path else []


def _speaks_of(run: ImportRun, subject: Subject) -> bool:
    there = _files_of(run)
    if not there:
        return False
    stamps = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in there]
    asked = [stamps, run.mapping, *map(sorted, (subject.emails, subject.phones, subject.names, subject.numbers))]
    digest = hashlib.sha256(repr(asked).encode()).hexdigest()
    return bool(cache.get_or_set(f"imports.mentions:{digest}", lambda: _read(run, there, subject), ANSWER_SECONDS))


def _read(run: ImportRun, there: Iterable[Path], subject: Subject) -> bool:
    mentions = Mentions(subject)
    rejected = [path for path in there if path.suffix == ".csv"]
    try:
        return any(any(frame.height for frame in _rejected_of(path, run, mentions)) for path in rejected) or (
            run.file.exists() and mentions.in_file(run)
        )
    except Refused:
        # A damaged file can hold anybody: better gone than kept.
        return True


def _rejected_of(path: Path, run: ImportRun, mentions: Mentions) -> Iterator[pl.DataFrame]:
    return mentions.among(path, ReadSettings(), run.mapping)


def _clean(runs: QuerySet[Any], subject: Subject, now: datetime) -> int:
    """Raises InHand while a worker reads one of the files."""
    ids = list(runs.values_list("pk", flat=True))
    for pk in ids:
        with transaction.atomic():
            run = ImportRun.objects.select_for_update().get(pk=pk)
            if run.is_busy:
                raise InHand
            kept = run.error_file if run.state == RunState.DONE else None
            if kept is None or not _take_out(kept, run, Mentions(subject)):
                kept, run.error_path = None, ""
            for path in _files_of(run):
                if path != kept:
                    path.unlink(missing_ok=True)
            if run.state != RunState.DONE:
                run.path = ""
                if run.state in (RunState.UPLOADED, RunState.CHECKED):
                    run.state, run.finished_at, run.error_code = RunState.CANCELLED, now, "erased"
                    run.error = _("Somebody in this file was erased. Send the file again without them.")
            run.save(update_fields=["state", "finished_at", "error", "error_code", "path", "error_path"])
    return len(ids)


def _take_out(path: Path, run: ImportRun, mentions: Mentions) -> bool:
    """Write the file of rejected rows anew without theirs; returns whether any are left."""
    try:
        theirs = {number for frame in _rejected_of(path, run, mentions) for number in frame["row"]}
    except (Refused, FileNotFoundError):
        return False
    fresh, is_any = path.with_suffix(".new"), False
    with path.open(encoding="utf-8-sig", newline="") as old, fresh.open("w", encoding="utf-8-sig", newline="") as new:
        rows, writer = csv.reader(old), csv.writer(new)
        # The row of names is row 1.
        for number, row in enumerate(rows, 1):
            if number not in theirs:
                writer.writerow(row)
                is_any = is_any or number > 1
    fresh.replace(path)
    return is_any


def _content(run: ImportRun, subject: Subject) -> Iterator[tuple[str, bytes]]:
    """Their rows of the file, as it was sent."""
    if not run.path or not run.file.exists():
        return
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(map(harmless, run.columns))
    for frame in Mentions(subject).among(run.file, ReadSettings.from_json(run.settings), run.mapping):
        writer.writerows([harmless(cell or "") for cell in row] for row in frame.drop("row").iter_rows())
    yield f"{run.name}.csv", written.getvalue().encode()


def chunks_of(subject: Subject) -> QuerySet[ImportChunk]:
    """The parts of imports that remember a rejected value of theirs."""
    chunks = ImportChunk.objects.owned_by(subject.organization_id)
    said = {pk: [each["value"] for each in rejected] for pk, rejected in _rejections(chunks)}
    return chunks.filter(pk__in=[pk for pk, values in said.items() if any(Mentions(subject).values(values))])


def _rejections(chunks: QuerySet[ImportChunk]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    return chunks.exclude(rejected=[]).values_list("pk", "rejected").iterator(chunk_size=100)


def _forget_rejected(chunks: QuerySet[Any], subject: Subject, _now: datetime) -> int:
    """The value goes; that a row was rejected, where and why, stays."""
    changed = 0
    with transaction.atomic():
        for chunk in chunks.select_for_update():
            theirs = Mentions(subject).values([each["value"] for each in chunk.rejected])
            chunk.rejected = [
                {**each, "value": "", "sentence": ""} if is_theirs else each
                for each, is_theirs in zip(chunk.rejected, theirs, strict=True)
            ]
            chunk.save(update_fields=["rejected"])
            changed += 1
    return changed


def changes_of(subject: Subject) -> QuerySet[ImportChange]:
    """What stood in their records before an import changed them."""
    # As references write the names of models → as changes do.
    labels = {model._meta.label_lower: model._meta.label for model in apps.get_models()}
    ids: dict[str, list[int]] = {}
    for reference in subject.references:
        label, _colon, number = reference.rpartition(":")
        if number.isdecimal() and label in labels:
            ids.setdefault(labels[label], []).append(int(number))
    theirs = Q(pk=None)
    for label, numbers in ids.items():
        theirs |= Q(label=label, object_id__in=numbers)
    return ImportChange.objects.owned_by(subject.organization_id).filter(theirs)


PART = Part(
    key="imports",
    label=gettext_lazy("Imports"),
    # A file that waits would make the customer again.
    order=10,
    holdings=(
        Holding(
            model=ImportRun,
            rows=runs_of,
            hidden=frozenset(field.name for field in ImportRun._meta.concrete_fields) - SHOWN,
            erase=_clean,
            is_shared=True,
            content=_content,
        ),
        Holding(model=ImportChunk, rows=chunks_of, erase=_forget_rejected, is_shared=True, is_exported=False),
        Holding(model=ImportChange, rows=changes_of),
    ),
)

personal_data.register(PART)
