"""Taking a whole import back: what it created goes, what it changed gets its former values. All or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core import audit
from apps.core.audit import System
from apps.core.outbox import announce
from apps.core.refused import Refused
from apps.imports import target
from apps.imports.events import ImportUndone
from apps.imports.models import ImportChange, ImportRun, RunState, Work

Ranges = Sequence[tuple[int, int]]
BATCH = 2000


@transaction.atomic
def take_back(run: ImportRun, *, now: datetime) -> None:
    """Undo the run. Raises Refused (`changed_since`, `in_use`) where later work stands on it; then nothing happens."""
    chosen = target.get(run.target)
    made = made_by(run)
    _must_be_untouched(run, made)
    _must_be_unused(made, chosen.belongings)
    changed = {label: list(ids) for label, ids in _grouped(_changed_ids(run)).items()}
    whole = target.Finished(run.organization, run.source, run.pk, made, now, changed)
    if chosen.before_undo is not None:
        chosen.before_undo(whole)
    _give_back(run)
    for label in _dependents_first(made):
        _remove(apps.get_model(label), made[label])
    if chosen.after_undo is not None:
        chosen.after_undo(whole)
    run.changes.all().delete()
    run.chunks.all().delete()
    run.state, run.work, run.lease_until, run.finished_at = RunState.UNDONE, Work.NONE, None, timezone.now()
    run.error = run.error_code = ""
    run.save(update_fields=["state", "work", "lease_until", "finished_at", "error", "error_code"])
    announce(ImportUndone(organization_id=run.organization_id, run_id=run.pk, target=run.target))
    audit.record("import.undone", by=System("import"), organization_id=run.organization_id, on=run)


def made_by(run: ImportRun) -> dict[str, list[tuple[int, int]]]:
    """Model label → ranges of the ids that the run created."""
    made: dict[str, list[tuple[int, int]]] = {}
    for chunk in run.chunks.order_by("number"):
        for label, ranges in chunk.made.items():
            made.setdefault(label, []).extend((first, last) for first, last in ranges)
    return {label: _joined(ranges) for label, ranges in made.items()}


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _dependents_first(labels: Iterable[str]) -> list[str]:
    """What points to a row goes before the row."""
    wanted = set(labels)
    graph = {
        label: {each.related_model._meta.label for each in _pointing_to(apps.get_model(label))} & wanted - {label}
        for label in wanted
    }
    return list(TopologicalSorter(graph).static_order())


def _pointing_to(model: type[models.Model]) -> list[models.ForeignObjectRel]:
    """Foreign keys of other tables and of this one, also those without a way back."""
    fields = model._meta.get_fields(include_hidden=True)
    return [each for each in fields if isinstance(each, models.ForeignObjectRel) and not each.many_to_many]


def _must_be_untouched(run: ImportRun, made: Mapping[str, Ranges]) -> None:
    """What a person or a later import changed since must not be lost."""
    since = run.finished_at
    touched = 0
    for label, ranges in made.items():
        later = ImportChange.objects.owned_by(run.organization_id).filter(label=label, run__gt=run.pk)
        touched += sum(later.filter(object_id__range=each).count() for each in ranges)
        model = apps.get_model(label)
        if _has(model, "updated_at") and since is not None:
            rows = model._base_manager.filter(updated_at__gt=since)
            touched += sum(rows.filter(pk__range=each).count() for each in ranges)
    for label, ids in _changed_ids(run):
        later = ImportChange.objects.owned_by(run.organization_id).filter(label=label, run__gt=run.pk)
        touched += later.filter(object_id__in=ids).count()
        model = apps.get_model(label)
        if _has(model, "updated_at") and since is not None:
            touched += model._base_manager.filter(pk__in=ids, updated_at__gt=since).count()
    if touched:
        message = _(
            "%(count)d rows of this import were changed since, by people or by a later import. Take the later import"
            " back first; changes by people would be lost."
        )
        raise Refused(message % {"count": touched}, code="changed_since")


def _changed_ids(run: ImportRun) -> Iterator[tuple[str, list[int]]]:
    for label in run.changes.order_by().values_list("label", flat=True).distinct():
        ids = list(run.changes.filter(label=label).values_list("object_id", flat=True))
        for start in range(0, len(ids), BATCH):
            yield label, ids[start : start + BATCH]


def _grouped(pairs: Iterable[tuple[str, list[int]]]) -> dict[str, list[int]]:
    grouped: dict[str, list[int]] = {}
    for label, ids in pairs:
        grouped.setdefault(label, []).extend(ids)
    return grouped


def _must_be_unused(made: Mapping[str, Ranges], belongings: Sequence[str]) -> None:
    own = {label.lower() for label in belongings}
    for label, ranges in made.items():
        for relation in _pointing_to(apps.get_model(label)):
            other = relation.related_model
            name = other._meta.label
            if name.lower() in own:
                continue
            rows = other._base_manager.all()
            for first, last in made.get(name, ()):
                rows = rows.exclude(pk__range=(first, last))
            name = relation.field.name
            used = sum(rows.filter(**{f"{name}__gte": first, f"{name}__lte": last}).count() for first, last in ranges)
            if used:
                message = _("%(count)d %(others)s refer to rows of this import. They have to go first.")
                raise Refused(message % {"count": used, "others": other._meta.verbose_name_plural}, code="in_use")


def _give_back(run: ImportRun) -> None:
    """Former values, the latest change first: a row may have been changed more than once."""
    for change in run.changes.order_by("-id").iterator(chunk_size=BATCH):
        model = apps.get_model(change.label)
        table = model._meta.db_table
        values = {name: _stored(model, name, value) for name, value in change.before.items()}
        sets = ", ".join(f'"{name}" = %s' for name in values)
        if _has(model, "version"):
            sets += ', "version" = "version" + 1'
        with connection.cursor() as cursor:
            cursor.execute(f'UPDATE "{table}" SET {sets} WHERE id = %s', [*values.values(), change.object_id])  # noqa: S608


def _stored(model: type[models.Model], column: str, value: Any) -> Any:
    """As the column takes it: moments and own fields were kept as text."""
    field = next(each for each in model._meta.concrete_fields if each.column == column)
    if isinstance(field, models.JSONField):
        return value if isinstance(value, str) or value is None else json.dumps(value)
    if isinstance(field, models.DateTimeField) and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return field.get_db_prep_value(moment if moment.tzinfo else moment.replace(tzinfo=UTC), connection)
    return value


def _remove(model: type[models.Model], ranges: Ranges) -> None:
    for first, last in ranges:
        for start in range(first, last + 1, BATCH):
            model._base_manager.filter(pk__range=(start, min(last, start + BATCH - 1))).delete()


def _has(model: type[models.Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
