"""Reading a rule: from a JSON document to a checked tree, and from the tree to a condition."""

from __future__ import annotations

import functools
import operator as operators
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core import days
from apps.core.refused import Refused
from apps.customers.rules.fields import WITHOUT_VALUE, Compare, Field, Kind, available

DEEPEST = 4
MOST_CONDITIONS = 50
LONGEST_TEXT = 200
MOST_DAYS = 36_500
# Doubles are exact up to here, and every database can compare them.
LARGEST = 2**53


@dataclass(frozen=True)
class Condition:
    """One question with its answer."""

    field: Field
    operator: str
    value: Any

    def condition(self, organization: Organization, now: datetime) -> Q:
        """Who fits, as a condition on customers."""
        return self.field.build(Compare(self.operator, self.value, organization, now, self.field.kind))

    def document(self) -> dict[str, Any]:
        """The JSON again."""
        document = {"field": self.field.name, "operator": self.operator}
        return document if self.operator in WITHOUT_VALUE else document | {"value": self.value}


@dataclass(frozen=True)
class Group:
    """Several parts, of which all or any must fit; an empty group fits everybody."""

    is_any: bool
    parts: tuple[Condition | Group, ...]

    def condition(self, organization: Organization, now: datetime) -> Q:
        """Who fits, as a condition on customers."""
        conditions = [part.condition(organization, now) for part in self.parts]
        return functools.reduce(operators.or_ if self.is_any else operators.and_, conditions, Q())

    def document(self) -> dict[str, Any]:
        """The JSON again."""
        return {"any" if self.is_any else "all": [part.document() for part in self.parts]}


@dataclass(frozen=True)
class Rule:
    """A checked rule of an organisation."""

    organization: Organization
    group: Group

    def condition(self, *, now: datetime) -> Q:
        """Who fits at this moment, as a condition on the heads of the organisation's customers."""
        return self.group.condition(self.organization, now)

    def document(self) -> dict[str, Any]:
        """The rule as it is stored: the words of the document, checked and in one form."""
        return self.group.document()


def parse(document: Any, organization: Organization) -> Rule:
    """The rule that a JSON document says. Raises Refused (`bad_rule`) with the place that is wrong."""
    reader = _Reader(available(organization), organization)
    if document in (None, {}, []):
        document = {"all": []}
    part = reader.part(document, "rule", 0)
    return Rule(organization, part if isinstance(part, Group) else Group(False, (part,)))


class _Reader:
    """Walks over a document once; counts what it has seen."""

    def __init__(self, fields: Mapping[str, Field], organization: Organization) -> None:
        self.fields, self.organization, self.conditions = fields, organization, 0

    def part(self, document: Any, place: str, depth: int) -> Condition | Group:
        if not isinstance(document, dict):
            raise _bad(place, _("an object is expected here"))
        if depth > DEEPEST:
            raise _bad(place, _("groups stand too deep in one another"))
        for word in ("all", "any"):
            if document.keys() == {word}:
                return self.group(document[word], f"{place}.{word}", depth, is_any=word == "any")
        if document.keys() <= {"field", "operator", "value"} and "field" in document:
            return self.question(document, place)
        raise _bad(place, _("either “all” or “any”, or “field”, “operator” and “value” are expected here"))

    def group(self, parts: Any, place: str, depth: int, *, is_any: bool) -> Group:
        if not isinstance(parts, list):
            raise _bad(place, _("a list is expected here"))
        if len(parts) > MOST_CONDITIONS:
            raise _bad(place, _("there are too many conditions"))
        return Group(is_any, tuple(self.part(part, f"{place}[{at}]", depth + 1) for at, part in enumerate(parts)))

    def question(self, document: Mapping[str, Any], place: str) -> Condition:
        self.conditions += 1
        if self.conditions > MOST_CONDITIONS:
            raise _bad(place, _("there are too many conditions"))
        name, word = document["field"], document.get("operator")
        field = self.fields.get(name) if isinstance(name, str) else None
        if field is None:
            raise _bad(place, _("there is no such field: %(name)s") % {"name": str(name)[:60]})
        if not isinstance(word, str) or word not in field.operators:
            raise _bad(place, _("“%(field)s” cannot be asked that way") % {"field": field.label})
        if word in WITHOUT_VALUE:
            return Condition(field, word, None)
        return Condition(field, word, self.value(field, word, document.get("value"), place))

    def value(self, field: Field, word: str, value: Any, place: str) -> Any:
        if field.kind is Kind.NUMBER:
            if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
                raise _bad(place, _("“%(field)s” needs a number") % {"field": field.label})
            return value
        if field.kind is Kind.BOOLEAN:
            if not isinstance(value, bool):
                raise _bad(place, _("“%(field)s” needs yes or no") % {"field": field.label})
            return value
        if field.kind is Kind.DATE:
            return self.day(field, word, value, place)
        if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_TEXT or "\x00" in value:
            raise _bad(place, _("“%(field)s” needs a text") % {"field": field.label})
        value = value.strip()
        known = {str(key) for key, _label in field.choices(self.organization)} if field.choices else set()
        if field.kind is Kind.CHOICE and field.choices and value not in known:
            raise _bad(place, _("“%(field)s” cannot be that") % {"field": field.label})
        return value

    def day(self, field: Field, word: str, value: Any, place: str) -> Any:
        is_span = word in ("within", "not_within")
        if isinstance(value, dict):
            wanted = {"last_days"} if is_span else {"days_ago"}
            number = next(iter(value.values()), None)
            if value.keys() == wanted and type(number) is int and is_span <= number <= MOST_DAYS:
                return dict(value)
        elif isinstance(value, str) and not is_span:
            try:
                if days.FIRST_DAY <= date.fromisoformat(value) < days.LAST_DAY:
                    return date.fromisoformat(value).isoformat()
            except ValueError:
                pass
        raise _bad(place, _("“%(field)s” needs a day, or a number of days") % {"field": field.label})


def _bad(place: str, words: str) -> Refused:
    return Refused(
        _("This search cannot be read (%(place)s): %(words)s.") % {"place": place, "words": words},
        code="bad_rule",
        field="rule",
    )
