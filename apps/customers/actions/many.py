"""SQL that both databases read: many ids in one parameter, many rows in one statement."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection


def among(column: str) -> str:
    """The condition that `column` is one of the ids of one parameter, see `ids`."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::bigint[])"
    return f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - our own words


def ids(numbers: Collection[int]) -> Any:
    """The parameter of `among`: however many ids, it is one."""
    return sorted(numbers) if connection.vendor == "postgresql" else json.dumps(sorted(numbers))


def table(types: Sequence[str], alias: str) -> str:
    """A table of rows `c1, c2, …` of one parameter, see `rows`. `types`: those of PostgreSQL."""
    if connection.vendor == "postgresql":
        cast = ", ".join(f"(row ->> {place})::{kind} AS c{place + 1}" for place, kind in enumerate(types))
        return f"(SELECT {cast} FROM jsonb_array_elements(%s::jsonb) AS row) {alias}"  # noqa: S608 - our own words
    picked = ", ".join(f"json_extract(value, '$[{place}]') AS c{place + 1}" for place in range(len(types)))
    return f"(SELECT {picked} FROM json_each(%s)) {alias}"  # noqa: S608


def rows(values: Iterable[Sequence[Any]]) -> str:
    """The parameter of `table`."""
    return json.dumps([list(row) for row in values])


def select(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def moment(value: Any) -> Any:
    """A datetime as the database wants it as a parameter."""
    return connection.ops.adapt_datetimefield_value(value)
