"""SQL for hot paths: rows as JSON made by the database, and statements that both databases read.

Compiling a query and turning rows into objects costs Django more than the database needs for the rows. A list that
must be fast states its SQL once (build the text under `functools.lru_cache`, one text per set of filters) and hands
the bytes on:

    rows = json_rows("SELECT id, stars, is_read FROM … WHERE organization_id = %s ORDER BY id DESC LIMIT 50", [7],
                     booleans=["is_read"])

Parameters are `%s` (and a percent sign `%%`) on both databases. What comes out is the same on both: moments in ISO
8601 with `+00:00`, booleans as booleans, JSON columns as JSON.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import BooleanField, DateTimeField, JSONField, QuerySet

from apps.core import tenancy

MOST_SHAPES = 500


def execute(sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement (prepared once, on PostgreSQL) and return its rows; none for a statement that gives none.

    On PostgreSQL places may have names, `%(name)s`, filled from a mapping.
    """
    if connection.vendor == "postgresql":
        return _execute_prepared(sql, params)
    with connection.cursor() as cursor:
        cursor.execute(sql, [_bound(value) for value in params])
        return cursor.fetchall() if cursor.description else []


def json_rows(
    query: QuerySet[Any, Any] | str,
    params: Sequence[Any] = (),
    *,
    booleans: Collection[str] = (),
    moments: Collection[str] = (),
    documents: Collection[str] = (),
) -> list[str]:
    """The rows, each as the text of a JSON object keyed by column name.

    Args:
        query: a SELECT, or a queryset of plain fields through `.values("…")`, which is compiled each time.
        params: for the SELECT.
        booleans, moments, documents: columns of the SELECT that are booleans, datetimes or JSON. SQLite has no such
            types, so there it must be told; a queryset tells by itself.
    """
    if isinstance(query, QuerySet):
        sql, bound = query.query.sql_with_params()
        fields = [query.model._meta.get_field(name) for name in query.query.values_select]
        kinds = [
            frozenset(field.attname for field in fields if isinstance(field, kind))
            for kind in (BooleanField, DateTimeField, JSONField)
        ]
        return _json(sql, bound, *kinds)
    return _json(query, params, frozenset(booleans), frozenset(moments), frozenset(documents))


def _json(
    sql: str,
    params: Sequence[Any],
    booleans: frozenset[str],
    moments: frozenset[str],
    documents: frozenset[str],
) -> list[str]:
    if connection.vendor == "postgresql":
        wrapped = _postgres(sql)
    else:
        key = (sql, booleans, moments, documents)
        if key not in _sqlite_shapes:
            if len(_sqlite_shapes) >= MOST_SHAPES:
                _sqlite_shapes.clear()
            _sqlite_shapes[key] = _sqlite(sql, _columns(sql, params), booleans, moments, documents)
        wrapped = _sqlite_shapes[key]
    return [row for (row,) in execute(wrapped, params)]


@functools.lru_cache(MOST_SHAPES)
def _postgres(sql: str) -> str:
    return f"SELECT row_to_json(t)::text FROM ({sql}) t"  # noqa: S608 - only the caller's own text


_sqlite_shapes: dict[tuple[str, frozenset[str], frozenset[str], frozenset[str]], str] = {}


def _columns(sql: str, params: Sequence[Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({sql}) LIMIT 0", [_bound(value) for value in params])  # noqa: S608
        return [column[0] for column in cursor.description]


def _sqlite(
    sql: str, columns: list[str], booleans: frozenset[str], moments: frozenset[str], documents: frozenset[str]
) -> str:
    pairs = []
    for name in columns:
        value = f'"{name}"'
        if name in booleans:
            value = f"CASE {value} WHEN 1 THEN json('true') WHEN 0 THEN json('false') END"
        elif name in moments:
            # PostgreSQL writes no zeros at the end of a fraction, Django stores six digits or none.
            digits = f"CASE WHEN instr({value}, '.') THEN rtrim({value}, '0') ELSE {value} END"
            value = f"replace({digits}, ' ', 'T') || '+00:00'"
        elif name in documents:
            value = f"json({value})"
        pairs.append(f"'{name}', {value}")
    return f"SELECT json_object({', '.join(pairs)}) FROM ({sql})"  # noqa: S608


def _bound(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _execute_prepared(sql: str, params: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    tenancy.apply(connection, sql)
    started = time.monotonic()
    with connection.wrap_database_errors:
        rows: list[tuple[Any, ...]] = connection.connection.run(sql, params)
    if connection.queries_logged:
        # So that tests which count queries see these too.
        connection.queries_log.append({"sql": sql, "time": f"{time.monotonic() - started:.3f}"})
    return rows
