"""Keyset pagination: page one million costs what page one costs, and no page counts rows.

A cursor is the ordering values of the row at the edge of a page; it holds no secrets and is checked when it comes back.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldError, ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core.refused import Refused

M = TypeVar("M")


@dataclass(frozen=True)
class Page(Generic[M]):
    """Rows of one page and the cursors beside it (None at either end)."""

    rows: list[M]
    next_cursor: str | None
    previous_cursor: str | None


@dataclass(frozen=True)
class Keyset:
    """An ordering whose last field is unique, e.g. `Keyset("-submitted_at", "-id")`; fields must not be null."""

    ordering: tuple[str, ...]

    def __init__(self, *ordering: str) -> None:
        object.__setattr__(self, "ordering", ordering)

    def page(self, queryset: models.QuerySet[Any], *, cursor: str = "", size: int = 50) -> Page[Any]:
        """One page of `queryset`. Raises Refused (`bad_cursor`) for a cursor that is not ours."""
        window, backwards = self.window(queryset, cursor)
        rows = list(window[: size + 1])
        return self.bounded(rows, size=size, cursor=cursor, backwards=backwards)

    def window(self, queryset: models.QuerySet[Any], cursor: str) -> tuple[models.QuerySet[Any], bool]:
        """The ordered queryset from the cursor on, and whether it runs backwards."""
        backwards, values = self._decode(cursor)
        ordering = [_flipped(name) for name in self.ordering] if backwards else list(self.ordering)
        if values:
            try:
                queryset = queryset.filter(_after(ordering, values))
            except (ValueError, TypeError, ValidationError, FieldError) as error:
                raise _bad_cursor() from error
        return queryset.order_by(*ordering), backwards

    def position(self, cursor: str, *kinds: Callable[[Any], Any]) -> tuple[bool, list[Any]]:
        """For hand-written SQL: whether the page runs backwards, and the values it starts after (none at the start).

        `kinds` make each value what the column holds, say `datetime.fromisoformat, int`. Raises Refused (`bad_cursor`)
        """
        backwards, values = self._decode(cursor)
        try:
            return backwards, [kind(value) for kind, value in zip(kinds, values, strict=True)] if values else []
        except (ValueError, TypeError, OverflowError) as error:
            raise _bad_cursor() from error

    def bounded(self, rows: list[Any], *, size: int, cursor: str, backwards: bool) -> Page[Any]:
        """Cut `size + 1` fetched rows (records, dicts or JSON texts) to a page and work out its cursors."""
        more = len(rows) > size
        rows = rows[:size]
        if backwards:
            rows.reverse()
        has_next, has_previous = (True, more) if backwards else (more, bool(cursor))
        return Page(
            rows,
            self._encode("n", rows[-1]) if rows and has_next else None,
            self._encode("p", rows[0]) if rows and has_previous else None,
        )

    def _encode(self, direction: str, row: Any) -> str:
        fields = json.loads(row) if isinstance(row, str) else row
        values = [_value(fields, name.lstrip("-")) for name in self.ordering]
        return base64.urlsafe_b64encode(json.dumps([direction, *values]).encode()).decode().rstrip("=")

    def _decode(self, cursor: str) -> tuple[bool, list[Any]]:
        if not cursor:
            return False, []
        try:
            direction, *values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise _bad_cursor() from error
        fitting = len(values) == len(self.ordering) and all(type(value) in (str, int, float, bool) for value in values)
        if direction not in ("n", "p") or not fitting:
            raise _bad_cursor()
        return direction == "p", values


def _bad_cursor() -> Refused:
    return Refused(_("This page address is no longer valid. Start again at the first page."), code="bad_cursor")


def _value(row: Any, name: str) -> Any:
    value = row[name] if isinstance(row, dict) else getattr(row, name)
    return value.isoformat() if isinstance(value, datetime | date) else value


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _after(ordering: Sequence[str], values: Sequence[Any]) -> Q:
    # a < x OR (a = x AND b < y): with the extra bound a <= x the database can start at the right place in the index.
    condition = Q()
    same = Q()
    for name, value in zip(ordering, values, strict=True):
        field, comparison = (name[1:], "lt") if name.startswith("-") else (name, "gt")
        condition |= same & Q(**{f"{field}__{comparison}": value})
        same &= Q(**{field: value})
    first = ordering[0]
    field, comparison = (first[1:], "lte") if first.startswith("-") else (first, "gte")
    return Q(**{f"{field}__{comparison}": values[0]}) & condition
