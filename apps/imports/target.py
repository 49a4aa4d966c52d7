"""What can be imported: an app describes a target and says how a checked chunk becomes rows.

    target.register(Target(key="products", label=_("Products"), fields=(Field("sku", _("SKU"), is_required=True), …),
                           natural_key=("sku",), store=store_products))        # in AppConfig.ready()

The engine reads the file, maps and checks its columns and then calls `store(chunk)` once for each chunk, inside one
transaction. `store` writes sets, never row by row: `apps.imports.upsert` has the fast ways for both databases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from apps.core.refused import Refused

if TYPE_CHECKING:
    import polars as pl
    from django_stubs_ext import StrOrPromise

    from apps.accounts.models import Organization


class Kind(StrEnum):
    """Of what type the values of a field are; in brackets the type of the checked column."""

    TEXT = "text"  # String
    INTEGER = "integer"  # Int64
    DECIMAL = "decimal"  # Decimal(18, places)
    DATE = "date"  # Date
    DATETIME = "datetime"  # Datetime in UTC, microseconds
    BOOLEAN = "boolean"  # Boolean
    EMAIL = "email"  # String, lower case
    PHONE = "phone"  # String, E.164
    CHOICE = "choice"  # String, one of `choices`


@dataclass(frozen=True)
class Field:
    """One thing that a row can say.

    `choices`: what may be written → what is stored, compared without regard to case. `synonyms`: how files call it, in
    any language; they feed the proposal. `places`: digits behind the decimal sign; a value with more is rounded half
    up. `minimum`, `maximum`: bounds of a number, inclusive.
    """

    key: str
    label: StrOrPromise
    kind: Kind = Kind.TEXT
    is_required: bool = False
    max_length: int = 200
    choices: Mapping[str, str] = field(default_factory=dict)
    synonyms: tuple[str, ...] = ()
    places: int = 2
    minimum: int | None = None
    maximum: int | None = None
    default: str = ""


@dataclass(frozen=True)
class Rejection:
    """Why a row was not stored. `row` is its number in the file: the row of column names is row 1."""

    row: int
    field: str
    value: str
    code: str
    sentence: str


@dataclass(frozen=True)
class Chunk:
    """Checked rows on their way into tables.

    `frame` has one column for each field of the target (typed as `Kind` says, null where nothing was said) and `row`.
    `mapped`: the fields that the file has; a field outside of it must not empty what is stored. `source` names the
    system that the rows come from: external ids are unique within it. `memory`: what the target keeps from chunk to
    chunk of one file. `is_empty`: the target's `bulk_tables` are empty and without indexes until the file is through.
    """

    frame: pl.DataFrame
    mapped: frozenset[str]
    organization: Organization
    source: str
    run_id: int
    now: datetime
    memory: dict[str, Any] = field(default_factory=dict)
    is_empty: bool = False


@dataclass
class Outcome:
    """What became of a chunk: `created + updated + unchanged + withheld + len(rejected)` is its number of rows.

    `withheld`: rows of customers who were erased. `made`: model label → ranges (first, last) of the ids that were
    created, in the order of creation, side rows included; `former`: (model label, id, values before) of what was
    updated. Both are what an undo needs.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    withheld: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    made: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    former: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)

    def note_made(self, label: str, ranges: Sequence[tuple[int, int]]) -> None:
        """Remember created ids, one list for each model."""
        if ranges:
            self.made.setdefault(label, []).extend(ranges)


@dataclass(frozen=True)
class Finished:
    """A file that is through, or taken back: `made` is that of all its chunks, `changed` the ids that it changed."""

    organization: Organization
    source: str
    run_id: int
    made: Mapping[str, list[tuple[int, int]]]
    now: datetime
    changed: Mapping[str, list[int]] = field(default_factory=dict)


Store = Callable[[Chunk], Outcome]


@dataclass(frozen=True)
class Target:
    """Something that can be imported.

    `needs_one_of`: at least one of these fields has to be in a row. `natural_key`: by these a row is known again (the
    first of the alternatives that a row fills). `own_fields`: what this organisation adds (custom fields).
    `prepare`: called for every chunk, also for one that an earlier worker stored: returns the frame with derived
    columns (a running line number). `finish`: called once when the whole file is through. `belongings`: labels of
    models whose rows go when a created row goes; whatever else points to a created row is in the way of an undo.
    `after_undo`: called with the ids that were removed, to put derived rows right.
    `bulk_tables`: labels of models that are loaded first and indexed then when they are empty, on PostgreSQL.
    `carried_by`: rows that follow one another with one value of this field are one thing: what only the first of them
    says holds for the others (shops repeat an order for each of its lines). `block_bytes`: how much text becomes one
    chunk; less where rows pass through objects.
    """

    key: str
    label: StrOrPromise
    fields: tuple[Field, ...]
    store: Store
    natural_key: tuple[str, ...] = ()
    needs_one_of: tuple[str, ...] = ()
    help: StrOrPromise = ""
    own_fields: Callable[[Organization], tuple[Field, ...]] | None = None
    prepare: Callable[[Chunk], pl.DataFrame] | None = None
    finish: Callable[[Finished], None] | None = None
    belongings: tuple[str, ...] = ()
    before_undo: Callable[[Finished], None] | None = None
    after_undo: Callable[[Finished], None] | None = None
    bulk_tables: tuple[str, ...] = ()
    carried_by: str = ""
    block_bytes: int = 8 * 1024 * 1024
    order: int = 100

    def fields_for(self, organization: Organization) -> tuple[Field, ...]:
        """All fields, the organisation's own ones last."""
        return self.fields + (self.own_fields(organization) if self.own_fields else ())


_targets: dict[str, Target] = {}


def register(*targets: Target) -> None:
    """Add targets; call it in `AppConfig.ready()`."""
    _targets.update({target.key: target for target in targets})


def all_targets() -> list[Target]:
    """Everything that can be imported, in the order in which a menu shows it."""
    return sorted(_targets.values(), key=lambda target: (target.order, target.key))


def get(key: str) -> Target:
    """The target of this key. Raises Refused (`no_such_target`)."""
    found = _targets.get(key)
    if found is None:
        known = ", ".join(target.key for target in all_targets())
        message = _("There is nothing called “%(key)s” to import. Known: %(known)s.") % {"key": key, "known": known}
        raise Refused(message, code="no_such_target", field="target")
    return found
