"""Model rows by a statement that is compiled once per process and prepared once per connection.

For the one question that every request asks first (who is this?): Django compiles a joined queryset anew each time,
which costs several times what PostgreSQL needs to answer it.

    LIVING = PreparedRow(
        lambda key, now: Session.objects.with_person().filter(session_key=key, expire_date__gt=now),
        key="an example", now=datetime(2001, 1, 1, tzinfo=UTC),
    )
    row = LIVING.first(key=session_key, now=timezone.now())
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.query import get_related_populators

from apps.core import fastsql

M = TypeVar("M", bound=models.Model)
Value = str | datetime


@dataclass(frozen=True)
class _Compiled:
    """A statement, the names of its parameters (or the values that never change), and how rows become objects."""

    sql: str
    params: Sequence[tuple[str, Any]]
    model: type[Any]
    fields: list[str]
    start: int
    populators: list[Any]
    converters: dict[int, Any]


class PreparedRow(Generic[M]):
    """The first row of a queryset, joined objects included.

    Args:
        build: from the named values to the queryset. It is called once, so it may not look at the values; each must go
            into the statement as it is and only where it is compared. No prefetching and no annotations.
        examples: a value for each name, of its type; no two alike, and none that stands in the statement otherwise.
    """

    def __init__(self, build: Callable[..., models.QuerySet[M]], **examples: Value) -> None:
        self._build, self._examples = build, examples
        self._compiled: dict[str, _Compiled] = {}

    def first(self, **values: Value) -> M | None:
        """The row for these values, or None."""
        compiled = self._compiled.get(connection.vendor)
        if compiled is None:
            compiled = self._compiled[connection.vendor] = self._compile()
        rows = fastsql.execute(compiled.sql, [values[name] if name else fixed for name, fixed in compiled.params])
        return self._object(compiled, list(rows[0])) if rows else None

    def _compile(self) -> _Compiled:
        query = self._build(**self._examples)[:1].query
        compiler = query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        names = {self._bound(example): name for name, example in self._examples.items()}
        klass = compiler.klass_info
        assert klass is not None and compiler.select is not None
        first, last = klass["select_fields"][0], klass["select_fields"][-1]
        return _Compiled(
            sql=sql,
            params=[(names.get(value, ""), value) for value in params],
            model=klass["model"],
            fields=[column[0].target.attname for column in compiler.select[first : last + 1]],
            start=first,
            populators=get_related_populators(klass, compiler.select, connection.alias),  # type: ignore[call-arg]  # the stubs' Django 6 has one more
            converters=compiler.get_converters(column[0] for column in compiler.select),
        )

    @staticmethod
    def _bound(value: Value) -> Any:
        return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value

    @staticmethod
    def _object(compiled: _Compiled, row: list[Any]) -> Any:
        for position, (converters, expression) in compiled.converters.items():
            for convert in converters:
                row[position] = convert(row[position], expression, connection)
        end = compiled.start + len(compiled.fields)
        found = compiled.model.from_db(connection.alias, compiled.fields, row[compiled.start : end])
        for populator in compiled.populators:
            populator.populate(row, found)
        return found
