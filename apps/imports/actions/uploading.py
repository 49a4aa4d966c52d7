"""A file comes in, is recognised and described."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, Organization
from apps.core import audit
from apps.core.audit import Actor
from apps.core.refused import Refused
from apps.imports import layouts, mapping, target
from apps.imports.models import ImportMapping, ImportRun, RunState, folder, forget_files
from apps.imports.reader import Limits, ReadSettings, header_of, look, open_blocks, repeated_names
from apps.imports.reader.limits import MEGABYTE

SAMPLE_ROWS = 50
SAMPLE_BYTES = 64 * 1024


def upload(
    pieces: Iterable[bytes],
    name: str,
    *,
    organization: Organization,
    by: Actor,
    now: datetime,
    target_key: str = "",
    source: str = "",
    settings: Mapping[str, Any] | None = None,
    saved: ImportMapping | None = None,
    limits: Limits | None = None,
) -> ImportRun:
    """Keep the file, recognise it and propose a mapping. Nothing is kept of a file that is refused.

    Args:
        target_key: "" takes the target of a known layout, else the first one. settings: what a person or program says
            about the file, over what is recognised. saved: a saved mapping to use.

    Raises:
        Refused: what `reader.look` raises, `no_such_target`, `target_absent`.
    """
    limits = limits or Limits()
    path = folder() / str(organization.pk) / f"{secrets.token_hex(16)}.data"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        digest, size = _keep(pieces, path, limits)
        run = ImportRun(
            organization=organization,
            target=target_key,
            source=source,
            name=re.sub(r"[\x00-\x1f/\\]", " ", name).strip()[-200:] or "file",
            path=str(path.relative_to(folder())),
            size=size,
            sha256=digest,
            created_by=by if isinstance(by, Membership) else None,
            created_by_label=by.audit_label[:200],
            created_at=now,
        )
        _recognise(run, dict(settings or {}), saved, limits)
        with transaction.atomic():
            run.save()
            audit.record(
                "import.uploaded",
                by=by,
                organization_id=organization.pk,
                on=run,
                after={"file": name, "sha256": digest},
            )
    except BaseException:
        forget_files(path)
        raise
    return run


def _keep(pieces: Iterable[bytes], path: Path, limits: Limits) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for piece in pieces:
            size += len(piece)
            if size > limits.megabytes * MEGABYTE:
                message = _("The file is too large: at most %(most)d MB.") % {"most": limits.megabytes}
                raise Refused(message, code="file_too_large", field="file")
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def _recognise(run: ImportRun, said: dict[str, Any], saved: ImportMapping | None, limits: Limits) -> None:
    seen = look(run.file, limits)
    organization = run.organization
    settings = replace(
        seen.settings, time_zone=organization.time_zone, country=organization.country, currency=organization.currency
    )
    known = {**(saved.settings if saved else {}), **said}
    settings = ReadSettings.from_json(
        {**settings.as_json(), **{key: value for key, value in known.items() if value != ""}}
    )
    run.settings, run.notes = settings.as_json(), list(seen.notes)
    run.columns = header_of(run.file, settings, limits)
    repeated = repeated_names(run.file, settings)
    if repeated:
        run.notes.append(_("Some columns have the same name: %(names)s.") % {"names": ", ".join(repeated[:10])})
    run.questions = [question for question in seen.questions if not said.get(question) and not known.get(question)]
    run.bytes_total = run.size
    layout = layouts.recognise([mapping.plain(name) for name in run.columns])
    if layout is not None:
        run.layout = layout.key
    run.target = run.target or _target_of(layout, saved)
    run.source = run.source or (saved.source if saved else "") or (layout.source if layout else "") or "file"
    chosen = target.get(run.target)
    if saved is not None:
        run.mapping = mapping.by_names({key: [name] for key, name in saved.mapping.items()}, run.columns)
        run.constants = dict(saved.constants)
    else:
        proposal = mapping.propose(chosen, chosen.fields_for(organization), run.columns, _sample(run, settings))
        run.mapping, run.constants = proposal.columns, proposal.constants
    if mapping.is_error_file(run.columns):
        _follow_up(run)


def _target_of(layout: layouts.Layout | None, saved: ImportMapping | None) -> str:
    if saved is not None:
        return saved.target
    if layout is not None:
        if layout.target in layouts.ABSENT:
            raise Refused(str(layouts.ABSENT[layout.target]), code="target_absent", field="file")
        return layout.target
    return target.all_targets()[0].key


def _sample(run: ImportRun, settings: ReadSettings) -> dict[int, list[str]]:
    for block in open_blocks(run.file, settings, block_bytes=SAMPLE_BYTES):
        head = block.frame.head(SAMPLE_ROWS)
        return {number: head[f"c{number}"].to_list() for number in range(len(run.columns))}
    return {}


def _follow_up(run: ImportRun) -> None:
    """A corrected error file belongs to its import: same target, source, mapping by name and fixed values."""
    place = run.columns.index("_import")
    for block in open_blocks(run.file, ReadSettings.from_json(run.settings), block_bytes=SAMPLE_BYTES):
        number = next(iter(block.frame[f"c{place}"].to_list()), "")
        if number.isdigit():
            earlier = ImportRun.objects.owned_by(run.organization).filter(pk=int(number)).first()
            if earlier is not None:
                run.corrects, run.target, run.source = earlier, earlier.target, earlier.source
                names = {key: [earlier.columns[column]] for key, column in earlier.mapping.items()}
                run.mapping, run.constants = mapping.by_names(names, run.columns), dict(earlier.constants)
                kept = ("date_order", "decimal", "time_zone", "country", "currency")
                run.settings |= {key: earlier.settings[key] for key in kept if key in earlier.settings}
                run.questions = []
        return


@transaction.atomic
def describe(
    run: ImportRun,
    *,
    columns: Mapping[str, int],
    constants: Mapping[str, str],
    settings: Mapping[str, Any],
    source: str,
    target_key: str = "",
    by: Actor,
) -> ImportRun:
    """Say how the file is written and which column fills which field.

    Raises Refused: `busy`, `already_imported`, `no_such_target`, `unknown_field`, `column_missing`.
    """
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    must_be_open(run)
    chosen = target.get(target_key or run.target)
    if chosen.key != run.target:
        proposal = mapping.propose(chosen, chosen.fields_for(run.organization), run.columns)
        columns, constants = proposal.columns, proposal.constants
    known = {field.key for field in chosen.fields_for(run.organization)}
    for key, number in columns.items():
        if key not in known:
            raise Refused(_("There is no field “%(key)s”.") % {"key": key}, code="unknown_field", field="mapping")
        if not 0 <= number < len(run.columns):
            raise Refused(_("The file has no such column."), code="column_missing", field="mapping")
    run.target, run.source = chosen.key, (source or run.source)[:50]
    run.settings = ReadSettings.from_json({**run.settings, **settings}).as_json()
    run.columns = header_of(run.file, ReadSettings.from_json(run.settings))
    run.mapping = {key: number for key, number in columns.items() if number < len(run.columns)}
    run.constants = {key: value for key, value in constants.items() if key in known and value}
    run.questions = [question for question in run.questions if not settings.get(question)]
    run.state = RunState.UPLOADED
    run.save()
    audit.record("import.described", by=by, organization_id=run.organization_id, on=run, after={"mapping": run.mapping})
    return run


def must_be_open(run: ImportRun) -> None:
    """Raises Refused unless the file waits for a person."""
    if run.is_busy:
        raise Refused(_("A worker has this import in hand."), code="busy")
    if run.state not in (RunState.UPLOADED, RunState.CHECKED, RunState.FAILED, RunState.CANCELLED):
        raise Refused(_("This file is imported already."), code="already_imported")


@transaction.atomic
def save_mapping(run: ImportRun, name: str, *, by: Actor, now: datetime) -> ImportMapping:
    """Keep the run's mapping under a name; the same name replaces it. Raises Refused (`name_missing`)."""
    name = " ".join(name.split())[:100]
    if not name:
        raise Refused(_("Give the mapping a name."), code="name_missing", field="name")
    kept = ("decimal", "date_order")
    saved, _created = ImportMapping.objects.update_or_create(
        organization=run.organization,
        name=name,
        defaults={
            "target": run.target,
            "source": run.source,
            "mapping": {key: run.columns[number] for key, number in run.mapping.items()},
            "constants": run.constants,
            "settings": {key: run.settings[key] for key in kept if run.settings.get(key)},
            "created_at": now,
        },
    )
    audit.record("import.mapping_saved", by=by, organization_id=run.organization_id, on=saved)
    return saved


@transaction.atomic
def forget_mapping(saved: ImportMapping, *, by: Actor) -> None:
    """Delete a saved mapping."""
    audit.record("import.mapping_deleted", by=by, organization_id=saved.organization_id, on=saved)
    saved.delete()
