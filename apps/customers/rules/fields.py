"""Which questions a rule can ask: typed fields, registered by the apps that know the answer.

    fields.register(Field("orders", _("Number of orders"), Kind.NUMBER, lambda compare: compare("order_count"),
                          group=_("Orders")))

`build` gets a `Compare`: called with the name of a column (or annotation) of customers it gives the `Q` for the rule's
operator and value; a field that needs a subquery looks at `compare.operator` and `compare.value` itself.
Fields that differ between organisations (their own fields) come from a source: `fields.register_source(…)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Lookup, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Organization
from apps.core import days

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Kind(StrEnum):
    """Of what type the values of a field are; each has its operators."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    SET = "set"


# Operator → what it is called. `empty` and `filled` have no value, `within` a number of days.
OPERATORS: dict[Kind, dict[str, StrOrPromise]] = {
    Kind.TEXT: {
        "is": _("is"),
        "is_not": _("is not"),
        "contains": _("contains"),
        "begins": _("begins with"),
        "filled": _("is known"),
        "empty": _("is not known"),
    },
    Kind.NUMBER: {
        "is": _("is"),
        "at_least": _("is at least"),
        "at_most": _("is at most"),
        "filled": _("is known"),
        "empty": _("is not known"),
    },
    Kind.DATE: {
        "on": _("is on"),
        "before": _("is before"),
        "after": _("is after"),
        "within": _("is within the last days"),
        "not_within": _("is not within the last days"),
        "filled": _("is known"),
        "empty": _("is not known"),
    },
    Kind.BOOLEAN: {"is": _("is")},
    Kind.CHOICE: {
        "is": _("is"),
        "is_not": _("is not"),
        "filled": _("is known"),
        "empty": _("is not known"),
    },
    Kind.SET: {
        "has": _("has"),
        "has_not": _("has not"),
        "filled": _("has any"),
        "empty": _("has none"),
    },
}
WITHOUT_VALUE = {"filled", "empty"}
CUSTOMER = _("Customer")


@CharField.register_lookup
class Holds(Lookup[bool]):
    """The text stands anywhere in the column, in capitals or not.

    `icontains` compares `UPPER(column)`, of which PostgreSQL has no statistics; it then takes every text for rare and
    reads the whole table instead of the first page.
    """

    lookup_name = "holds"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """For SQLite, whose LIKE knows no capitals."""
        return self._sql("LIKE", compiler, connection)

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """For PostgreSQL."""
        return self._sql("ILIKE", compiler, connection)

    def _sql(self, operator: str, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        lhs, params = self.process_lhs(compiler, connection)
        text = str(self.rhs)
        for sign in "!%_":
            text = text.replace(sign, f"!{sign}")
        return f"{lhs} {operator} %s ESCAPE '!'", (*params, f"%{text}%")


@dataclass(frozen=True)
class Compare:
    """One condition to be made: the operator and the checked value, for the day and the organisation that ask."""

    operator: str
    value: Any
    organization: Organization
    now: datetime
    kind: Kind

    def __call__(self, column: str, *, empty: Any = None) -> Q:
        """The `Q` for a column of customers. `empty`: the value besides NULL that says that nothing is known."""
        nothing = Q(**{f"{column}__isnull": True})
        if empty is not None:
            nothing |= Q(**{column: empty})
        if self.operator == "empty":
            return nothing
        if self.operator == "filled":
            return ~nothing
        if self.kind is Kind.DATE:
            return self._date(column)
        lookups = {
            "is": "iexact" if self.kind is Kind.TEXT else "exact",
            "is_not": "iexact" if self.kind is Kind.TEXT else "exact",
            "contains": "holds",
            "begins": "istartswith",
            "at_least": "gte",
            "at_most": "lte",
            "has": "exact",
            "has_not": "exact",
        }
        fits = Q(**{f"{column}__{lookups[self.operator]}": self.value})
        return ~fits | nothing if self.operator in ("is_not", "has_not") else fits

    @property
    def is_negative(self) -> bool:
        """Whether the operator asks for those whom the opposite does not fit."""
        return self.operator in ("is_not", "has_not", "empty")

    def _date(self, column: str) -> Q:
        start, end = self.moments()
        if self.operator == "before":
            return Q(**{f"{column}__lt": start})
        if self.operator == "after":
            return Q(**{f"{column}__gte": end})
        inside = Q(**{f"{column}__gte": start, f"{column}__lt": end})
        if self.operator == "not_within":
            return ~inside | Q(**{f"{column}__isnull": True})
        return inside

    def moments(self) -> tuple[datetime, datetime]:
        """The first moment that the value speaks of, and the first one after it, in the organisation's time zone."""
        first, last = self.days()
        start, end = days.moments(first, last, self.organization.zone)
        assert start is not None and end is not None
        return start, end

    def days(self) -> tuple[date, date]:
        """The first and the last day that the value speaks of."""
        today = self.now.astimezone(self.organization.zone).date()
        if isinstance(self.value, dict):
            number = next(iter(self.value.values()))
            if "last_days" in self.value:
                return today - timedelta(days=number - 1), today
            day = today - timedelta(days=number)
            return day, day
        day = date.fromisoformat(self.value)
        return day, day


Choices = Callable[[Organization], Iterable[tuple[str, "StrOrPromise"]]]


@dataclass(frozen=True)
class Field:
    """One question. `choices`: for `CHOICE` (and `SET`, where they are few) what can be chosen from."""

    name: str
    label: StrOrPromise
    kind: Kind
    build: Callable[[Compare], Q]
    group: StrOrPromise = CUSTOMER
    choices: Choices | None = None
    # A few words beside the input, e.g. how a value is written.
    help_text: StrOrPromise = ""
    without: Sequence[str] = ()

    @property
    def operators(self) -> dict[str, StrOrPromise]:
        """The operators that this field knows, and what they are called."""
        return {name: label for name, label in OPERATORS[self.kind].items() if name not in self.without}


Source = Callable[[Organization], Iterable[Field]]
_fields: dict[str, Field] = {}
_sources: list[Source] = []


def register(*added: Field) -> None:
    """Let rules ask this too; call it in `AppConfig.ready()`. The same name again replaces the field."""
    _fields.update({field.name: field for field in added})


def register_source(source: Source) -> None:
    """Let rules ask what this function names for an organisation."""
    if source not in _sources:
        _sources.append(source)


def available(organization: Organization) -> dict[str, Field]:
    """Every field that rules of this organisation can ask for, by name."""
    return _fields | {field.name: field for source in _sources for field in source(organization)}
