"""What a person asks for: check, import, stop, take back. A worker does it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import audit, waker
from apps.core.audit import Actor
from apps.core.refused import Refused
from apps.imports import target
from apps.imports.actions.sweeping import LEASE
from apps.imports.actions.uploading import must_be_open
from apps.imports.models import ImportRun, RunState, Work

WORK_TASK = "imports.work"


def missing_fields(run: ImportRun) -> list[str]:
    """Labels of required fields that have neither a column nor a fixed value."""
    chosen = target.get(run.target)
    fields = chosen.fields_for(run.organization)
    filled = {*run.mapping, *run.constants}
    missing = [
        str(field.label) for field in fields if field.is_required and not field.default and field.key not in filled
    ]
    if chosen.needs_one_of and not filled & set(chosen.needs_one_of):
        labels = [str(field.label) for field in fields if field.key in chosen.needs_one_of]
        missing.append(" / ".join(labels))
    return missing


def must_be_complete(run: ImportRun) -> None:
    """Raises Refused (`fields_missing`, `ambiguous_dates`) unless everything is said."""
    missing = missing_fields(run)
    if missing:
        message = _("Choose a column or a fixed value for: %(names)s.") % {"names": ", ".join(missing)}
        raise Refused(message, code="fields_missing", field="mapping")
    if "date_order" in run.questions:
        message = _("Is the day or the month first in dates like 02/03/2024? The file does not tell.")
        raise Refused(message, code="ambiguous_dates", field="date_order")


def start_check(run: ImportRun, *, by: Actor, now: datetime, is_held: bool = False) -> ImportRun:
    """Ask for a check of the whole file. Raises Refused (`busy`, `fields_missing`, …)."""
    return _ask(run, Work.CHECK, by, now, is_held)


def start(run: ImportRun, *, by: Actor, now: datetime, is_held: bool = False) -> ImportRun:
    """Ask for the import; `is_held`: the caller works on it itself, and no worker may take it meanwhile.

    Raises Refused (`busy`, `already_imported`, `fields_missing`, …).
    """
    return _ask(run, Work.IMPORT, by, now, is_held)


@transaction.atomic
def _ask(run: ImportRun, work: Work, by: Actor, now: datetime, is_held: bool) -> ImportRun:
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    must_be_open(run)
    must_be_complete(run)
    run.work, run.lease_until = work, now + LEASE if is_held else None
    run.is_cancel_wanted, run.error, run.error_code = False, "", ""
    run.rows = run.bytes_done = 0
    run.started_at, run.finished_at = now, None
    if work == Work.IMPORT:
        run.state = RunState.RUNNING
    run.save()
    audit.record(f"import.{work.value}", by=by, organization_id=run.organization_id, on=run)
    if not is_held:
        transaction.on_commit(wake)
    return run


@transaction.atomic
def cancel(run: ImportRun, *, by: Actor, now: datetime) -> ImportRun:
    """Stop after the chunk at hand; what is stored stays and can be taken back. Raises Refused (`not_running`)."""
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    if run.work not in (Work.CHECK, Work.IMPORT):
        raise Refused(_("This import is not running."), code="not_running")
    run.is_cancel_wanted = True
    run.save(update_fields=["is_cancel_wanted"])
    audit.record("import.cancelled", by=by, organization_id=run.organization_id, on=run)
    return run


@transaction.atomic
def undo(run: ImportRun, *, by: Actor, now: datetime) -> ImportRun:
    """Ask to take the whole import back. Raises Refused (`busy`, `nothing_to_undo`)."""
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    if run.is_busy:
        raise Refused(_("A worker has this import in hand."), code="busy")
    if run.state == RunState.UNDONE or not run.chunks.exists():
        raise Refused(_("This import stored nothing that could be taken back."), code="nothing_to_undo")
    run.work, run.lease_until, run.error, run.error_code = Work.UNDO, None, "", ""
    run.save(update_fields=["work", "lease_until", "error", "error_code"])
    audit.record("import.undo", by=by, organization_id=run.organization_id, on=run)
    transaction.on_commit(wake)
    return run


def wake() -> None:
    """Ask for a worker soon."""
    waker.wake(WORK_TASK)
