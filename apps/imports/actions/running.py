"""A worker goes through the file: checks it, or checks and stores it, one transaction for each chunk.

Whoever comes after a killed worker starts the file from its beginning, checks again (that is cheap, and writes the same
file of rejected rows) and stores only the chunks that have no row in `ImportChunk` yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.core import metrics
from apps.core.outbox import announce
from apps.core.refused import Refused
from apps.imports import mapping, target
from apps.imports.actions import bulk
from apps.imports.actions.progress import Cancelled, Progress, report
from apps.imports.actions.undoing import take_back
from apps.imports.checking import Checker
from apps.imports.error_file import ErrorFile
from apps.imports.events import ImportFinished
from apps.imports.models import ImportChange, ImportChunk, ImportRun, RunState, Work, counters_of, folder
from apps.imports.reader import BadLine, Block, ReadSettings, must_be_whole, open_blocks
from apps.imports.sentences import sentence
from apps.imports.target import Chunk, Finished, Outcome, Rejection, Target

if TYPE_CHECKING:
    import polars as pl

log = structlog.get_logger(__name__)

ROWS = metrics.Counter("compass_import_rows_total", "Rows of imported files, by what became of them", ["outcome"])
# A dry run stores and rolls back so far, so that its forecast tells new rows from known ones.
FORECAST_ROWS = 250_000


@dataclass
class Checked:
    """A block after the check, on its way into the tables."""

    block: Block
    good: pl.DataFrame
    bad: dict[int, list[Rejection]]


def work_on(run: ImportRun, *, now: datetime) -> ImportRun:
    """Do what the run asks for. Never raises for a bad file: the run then says why it failed."""
    try:
        if run.work == Work.UNDO:
            take_back(run, now=now)
        else:
            _go_through(run)
    except Refused as refused:
        _end(run, run.state if run.work == Work.UNDO else RunState.FAILED, refused.message, refused.code)
    except Cancelled:
        _end(run, RunState.CANCELLED if run.work == Work.IMPORT else RunState.UPLOADED)
    except Exception:
        log.exception("import_failed", run_id=run.pk)
        _end(run, RunState.FAILED, _("Something went wrong inside. The log of the server says what."), "internal")
        if connection.in_atomic_block:
            raise
    return run


def _go_through(run: ImportRun) -> None:
    is_dry = run.work == Work.CHECK
    chosen = target.get(run.target)
    must_be_whole(run.file, ReadSettings.from_json(run.settings))
    is_fresh = not is_dry and not run.chunks.exists()
    if is_fresh and bulk.can_load_then_index(chosen.bulk_tables, run.size):
        try:
            with transaction.atomic(), bulk.load_then_index(chosen.bulk_tables):
                progress = _blocks(run, chosen, is_dry=False, is_empty=True)
            _finish(run, chosen, progress)
            return
        except (IntegrityError, bulk.NotEmpty):
            # Rows of one key stand far apart, or somebody was faster: the careful way sorts it out.
            log.info("import_goes_the_careful_way", run_id=run.pk)
    with bulk.indexed_afterwards(() if is_dry else chosen.bulk_tables, run.size):
        progress = _blocks(run, chosen, is_dry=is_dry, is_empty=False)
    if is_dry:
        _end(run, RunState.CHECKED)
    else:
        _finish(run, chosen, progress)


def _blocks(run: ImportRun, chosen: Target, *, is_dry: bool, is_empty: bool) -> Progress:
    settings = ReadSettings.from_json(run.settings)
    fields = chosen.fields_for(run.organization)
    labels = {each.key: _column_of(run, each.key, str(each.label)) for each in fields}
    checker = Checker(
        fields,
        run.mapping,
        settings,
        constants=run.constants,
        needs_one_of=chosen.needs_one_of,
        carried_by=chosen.carried_by,
        is_escaped=mapping.is_error_file(run.columns),
    )
    done = {} if is_empty else {chunk.number: chunk for chunk in run.chunks.all()}
    mapped = frozenset({*run.mapping, *run.constants})
    progress, memory = Progress(), dict[str, Any]()
    path = folder() / f"{run.path}.{'check' if is_dry else 'errors'}.csv"
    with ErrorFile(path, run.columns, run.pk) as errors, ExitStack() as stack:
        for checked in _ahead(open_blocks(run.file, settings, block_bytes=chosen.block_bytes), checker, stack):
            chunk = Chunk(checked.good, mapped, run.organization, run.source, run.pk, timezone.now(), memory, is_empty)
            if chosen.prepare is not None:
                chunk = Chunk(
                    chosen.prepare(chunk), mapped, run.organization, run.source, run.pk, chunk.now, memory, is_empty
                )
            outcome = _store(run, chosen, chunk, checked.block.number, done, is_dry=is_dry)
            _write_errors(errors, checked, outcome, labels)
            bad_rows = len(checked.bad) + len(checked.block.bad_lines) + len({each.row for each in outcome.rejected})
            progress.add(outcome)
            progress.rejected += bad_rows
            progress.rows += checked.block.frame.height + len(checked.block.bad_lines)
            report(run, progress, checked.block.bytes_read, is_unseen=is_empty)
    run.error_path = str(path.relative_to(folder())) if errors.count else ""
    return progress


def _column_of(run: ImportRun, key: str, label: str) -> str:
    number = run.mapping.get(key)
    return run.columns[number] if number is not None and number < len(run.columns) else label


def _ahead(blocks: Iterator[Block], checker: Checker, stack: ExitStack) -> Iterator[Checked]:
    """Checks the next block in a thread while the one before it is being stored."""
    language = translation.get_language()

    def step() -> Checked | None:
        with translation.override(language):
            block = next(blocks, None)
            return None if block is None else Checked(block, *checker.check(block.frame))

    pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="import-check"))
    waiting = pool.submit(step)
    while (checked := waiting.result()) is not None:
        waiting = pool.submit(step)
        yield checked


def _store(
    run: ImportRun, chosen: Target, chunk: Chunk, number: int, done: dict[int, ImportChunk], *, is_dry: bool
) -> Outcome:
    if number in done:
        stored = done[number]
        rejected = [Rejection(**each) for each in stored.rejected]
        outcome = Outcome(rejected=rejected, made=dict(stored.made))
        for name, number_of_rows in counters_of(stored).items():
            setattr(outcome, name, number_of_rows)
        return outcome
    if chunk.frame.is_empty():
        outcome = Outcome()
    elif is_dry:
        outcome = _forecast(chosen, chunk)
    else:
        with transaction.atomic():
            outcome = chosen.store(chunk)
            _keep(run, number, outcome)
        for name, count in counters_of(outcome).items():
            ROWS.labels(name).inc(count)
    return outcome


def _forecast(chosen: Target, chunk: Chunk) -> Outcome:
    """What would become of the rows; beyond the first ones only that they are right."""
    seen = chunk.memory.get("forecast", 0)
    chunk.memory["forecast"] = seen + chunk.frame.height
    if seen + chunk.frame.height > FORECAST_ROWS:
        return Outcome(created=chunk.frame.height)
    with transaction.atomic():
        point = transaction.savepoint()
        outcome = chosen.store(chunk)
        transaction.savepoint_rollback(point)
    return outcome


def _keep(run: ImportRun, number: int, outcome: Outcome) -> None:
    ImportChunk.objects.create(
        organization_id=run.organization_id,
        run=run,
        number=number,
        **counters_of(outcome),
        made=outcome.made,
        rejected=[asdict(each) for each in outcome.rejected],
    )
    ImportChange.objects.bulk_create(
        [
            ImportChange(organization_id=run.organization_id, run=run, label=label, object_id=pk, before=before)
            for label, pk, before in outcome.former
        ],
        batch_size=2000,
    )


def _write_errors(errors: ErrorFile, checked: Checked, outcome: Outcome, labels: dict[str, str]) -> None:
    reasons = dict(checked.bad)
    for each in outcome.rejected:
        reasons.setdefault(each.row, []).append(each)
    lines: dict[int, BadLine] = {line.row: line for line in checked.block.bad_lines}
    width = len(errors.names)
    cells: dict[int, tuple[str, ...]] = {}
    if reasons:
        import polars as pl

        picked = checked.block.frame.filter(pl.col("row").is_in(list(reasons)))
        cells = {row[0]: row[1:] for row in picked.iter_rows()}
    for row in sorted({*reasons, *lines}):
        if row in lines:
            code = lines[row].code
            parts = [part.replace("\0", "") for part in lines[row].parts]
            surplus = " ".join(parts[width:])[:500]
            errors.write(parts, [Rejection(row, "", surplus, code, sentence(code))], labels)
        else:
            errors.write(cells[row], reasons[row], labels)


@transaction.atomic
def _finish(run: ImportRun, chosen: Target, progress: Progress) -> None:
    now = timezone.now()
    if chosen.finish is not None:
        changed: dict[str, list[int]] = {}
        for label, pk in run.changes.values_list("label", "object_id"):
            changed.setdefault(label, []).append(pk)
        chosen.finish(Finished(run.organization, run.source, run.pk, progress.made, now, changed))
    announce(
        ImportFinished(
            organization_id=run.organization_id,
            run_id=run.pk,
            target=run.target,
            created=run.created,
            updated=run.updated,
        )
    )
    ROWS.labels("rejected").inc(run.rejected)
    _end(run, RunState.DONE)


def _end(run: ImportRun, state: RunState | str, error: str = "", code: str = "") -> None:
    run.state, run.work, run.lease_until, run.finished_at = RunState(state), Work.NONE, None, timezone.now()
    run.error, run.error_code, run.is_cancel_wanted = error[:500], code, False
    run.save(
        update_fields=[
            "state", "work", "lease_until", "finished_at", "error", "error_code", "is_cancel_wanted", "error_path",
            *run.counters,
        ]
    )  # fmt: skip
