"""Where personal data is: every app says, at start-up, what it holds of a customer and what becomes of it.

    personal_data.register(Part(key="feedback", label=_("Surveys"), order=30, holdings=[Holding(Response, rows, …)]))

One declaration serves the access request (what is exported), the preview of an erasure (how much of what), the erasure
itself and its certificate. The kernel and the apps below customers know no customers: a `Subject` speaks of them in
plain ids, addresses and references.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from apps.core.models import AuditEntry

AT_ONCE = 500


class Fate(models.TextChoices):
    """What becomes of rows when their customer is erased."""

    ERASED = "erased", _("Erased")
    ANONYMISED = "anonymised", _("Made anonymous")
    KEPT = "kept", _("Kept")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whose data is in question, in words that every floor knows.

    Args:
        customer_ids: the records that are the customer.
        emails, phones: all of them, normalised; names: as they stand in the records.
        numbers: under which other systems know them (customer numbers, user ids).
        references: under which lower apps filed something about them (`feedback.surveyrequest:12`).
    """

    organization_id: int
    customer_ids: tuple[int, ...]
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()


Rows = Callable[[Subject], models.QuerySet[Any]]


@dataclass(frozen=True, kw_only=True)
class Holding:
    """The rows of one model that belong to a customer.

    Args:
        rows: the rows; asked again at each step, so it must find only what is still there.
        fate: what an erasure does; KEPT and ANONYMISED state the legal `reason`.
        blank: for ANONYMISED, what the fields are set to. Rows that are blank already must not be found by `rows`.
        hidden: fields that an access request does not show: other people's, secrets, internals.
        is_shared: the rows speak of others too: `erase` takes only the subject's part, and what the audit log says of
            the rows stays.
        is_portable: whether the customer gave it or caused it (GDPR article 20), so that portability hands it over.
        is_exported: False for copies and indexes of what is exported elsewhere.
        erase: own way to erase instead of deleting the rows; called outside a transaction, must be safe to repeat,
            returns how many. For what lies outside the database, and for rows of which only a part is the subject's.
        content: names and bytes of files that belong to a row, for the access request; only what is about the subject.
    """

    model: type[models.Model]
    rows: Rows
    fate: Fate = Fate.ERASED
    reason: Any = ""
    blank: Mapping[str, Any] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    is_shared: bool = False
    is_portable: bool = False
    is_exported: bool = True
    erase: Callable[[models.QuerySet[Any], Subject, datetime], int] | None = None
    content: Callable[[Any, Subject], Iterator[tuple[str, bytes]]] | None = None

    @property
    def label(self) -> str:
        """Which model, e.g. `feedback.Response`."""
        return self.model._meta.label

    def __post_init__(self) -> None:
        if self.fate != Fate.ERASED and not self.reason:
            raise ValueError(f"{self.label}: say why it is not erased")
        if self.is_shared and self.erase is None:
            raise ValueError(f"{self.label}: say how the subject's part is erased")


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one app holds. Parts are erased in their order: first what makes new rows elsewhere, last the record.

    `references`: under which names lower apps filed something about the customer.
    """

    key: str
    label: Any
    holdings: tuple[Holding, ...] = ()
    order: int = 50
    references: Callable[[Subject], Iterable[str]] | None = None


_parts: dict[str, Part] = {}


def register(part: Part) -> None:
    """Name what an app holds; in `AppConfig.ready()`."""
    _parts[part.key] = part


def parts() -> list[Part]:
    """Every part, in the order of erasure."""
    return sorted(_parts.values(), key=lambda part: (part.order, part.key))


def references_of(subject: Subject) -> frozenset[str]:
    """All names under which something of the customer is filed."""
    return frozenset(name for part in parts() if part.references for name in part.references(subject))


@dataclass(frozen=True)
class Count:
    """How many rows of what, and what becomes of them."""

    part: Part
    holding: Holding
    number: int

    @property
    def what(self) -> str:
        """The rows in words."""
        return str(self.holding.model._meta.verbose_name_plural)


def counts(subject: Subject) -> list[Count]:
    """How much of what there is, in the order of erasure."""
    return [Count(part, holding, holding.rows(subject).count()) for part in parts() for holding in part.holdings]


def carry_out(holding: Holding, subject: Subject, *, now: datetime) -> int:
    """Do to the rows what is declared; returns to how many. Safe to repeat, and after a kill at any moment."""
    if holding.fate == Fate.KEPT:
        return holding.rows(subject).count()
    if holding.erase is not None:
        if not holding.is_shared:
            _redact_audit(holding, subject)
        return holding.erase(holding.rows(subject), subject, now)
    with transaction.atomic():
        _redact_audit(holding, subject)
        rows = holding.rows(subject)
        if holding.fate == Fate.ANONYMISED:
            # By key: the update must reach the rows although it changes by what they are found.
            ids = list(rows.values_list("pk", flat=True))
            return sum(holding.model._default_manager.filter(pk__in=part).update(**holding.blank) for part in _in(ids))
        number = rows.count()
        rows.delete()
        return number


def step_name(part: Part, holding: Holding) -> str:
    """What the step that erases these rows is called."""
    return f"{part.key}:{holding.label}"


def redact_audit(organization_id: int, object_type: str, ids: Iterable[object]) -> None:
    """Empty the words of the audit lines about these records: who did what when stays, the values go.

    The database lets a line be emptied and nothing else.
    """
    lines = AuditEntry.objects.filter(organization_id=organization_id, object_type=object_type)
    ids = list(ids)
    # Of most kinds of rows the log never speaks, and there can be very many of them.
    named = [str(pk) for pk in ids] if lines.exists() else []
    for part in _in(named):
        lines.filter(object_id__in=part).update(object_label="", before={}, after={}, ip=None)
    _redact_admin_log(object_type, ids)


def _redact_admin_log(object_type: str, ids: Iterable[object]) -> None:
    """What Django's admin noted of changes that superusers made by hand."""
    noted = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(apps.get_model(object_type)))
    named = [str(pk) for pk in ids] if noted.exists() else []
    for part in _in(named):
        noted.filter(object_id__in=part).update(object_repr="", change_message="")


def _redact_audit(holding: Holding, subject: Subject) -> None:
    ids = holding.rows(subject).values_list("pk", flat=True)
    redact_audit(subject.organization_id, holding.model._meta.label_lower, list(ids))


def _in(ids: list[Any]) -> Iterator[list[Any]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
