"""Sets of rows into a table, by its natural key: new ones inserted, changed ones updated, equal ones left alone.

On PostgreSQL by COPY into a temporary table, on SQLite by batches. `frame` holds the table's own columns (fixed-point
numbers as whole units), `constants` what is the same in every row.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, models

if TYPE_CHECKING:
    import polars as pl

HASH = "row_hash"


@dataclass
class Upserted:
    """How many were new, changed and equal; ranges of new ids; (id, values before) of what changed."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    ranges: list[tuple[int, int]] = field(default_factory=list)
    former: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


def upsert(
    model: type[models.Model],
    frame: pl.DataFrame,
    *,
    key: Sequence[str],
    update: Sequence[str],
    constants: Mapping[str, Any],
    created_only: Mapping[str, Any] | None = None,
    touch: Mapping[str, str] | None = None,
    is_empty: bool = False,
) -> Upserted:
    """Store the rows; `frame` must hold each key once.

    Args:
        update: columns that follow the file. Where the table has a `row_hash`, a row changed when its hash did: what
            people edited since stays until the file says something new.
        created_only: constants of new rows that an update leaves alone. touch: column → SQL of an update ("version" →
            "version + 1"). is_empty: nothing can be there, not even an index: rows are only appended.
    """
    if frame.is_empty():
        return Upserted()
    table = model._meta.db_table
    fixed = {**constants, **(created_only or {})}
    if connection.vendor == "postgresql":
        return _postgresql(table, frame, key, update, fixed, dict(constants), dict(touch or {}), is_empty)
    return _sqlite(table, frame, key, update, fixed, dict(constants), dict(touch or {}))


def hashed(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The frame with `row_hash` of these columns."""
    import polars as pl

    return frame.with_columns(frame.select(columns).hash_rows(seed=17).reinterpret(dtype=pl.Int64).alias(HASH))


def ids_of(
    model: type[models.Model], values: pl.Series, *, column: str, where: Mapping[str, Any], more: Sequence[str] = ()
) -> pl.DataFrame:
    """(`column`, `id`, …more) of the rows whose column has one of these values."""
    import polars as pl

    wanted = values.drop_nulls().unique().to_list()
    table = model._meta.db_table
    schema = {column: pl.String, "id": pl.Int64}
    if not wanted:
        return pl.DataFrame(schema=schema | dict.fromkeys(more, pl.Int64))
    if connection.vendor == "postgresql":
        listed, parameter = "= ANY(%s)", wanted
    else:
        listed, parameter = "IN (SELECT value FROM json_each(%s))", json.dumps(wanted)  # type: ignore[assignment]
    conditions = " AND ".join([f'"{name}" = %s' for name in where] + [f'"{column}" {listed}'])
    picked = ", ".join(f'"{name}"' for name in (column, "id", *more))
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT {picked} FROM "{table}" WHERE {conditions}',  # noqa: S608 - our own words
            [*where.values(), parameter],
        )
        rows = cursor.fetchall()
    return pl.DataFrame(rows, schema=schema | dict.fromkeys(more, pl.Int64), orient="row")


def copy_in(table: str, frame: pl.DataFrame) -> None:
    """COPY the frame into a table of the same column names (PostgreSQL)."""
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    content = csv_of(frame)
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN (FORMAT csv)') as copy,
    ):
        copy.write(content)


def csv_of(frame: pl.DataFrame) -> bytes:
    """As COPY reads it: nothing is null, two quotes are the empty text."""
    import polars as pl

    moments = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    if moments:
        frame = frame.with_columns(pl.col(moments).dt.replace_time_zone(None))
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False, datetime_format="%Y-%m-%d %H:%M:%S%.6f+00", batch_size=16384)
    return buffer.getvalue()


def _with_constants(frame: pl.DataFrame, fixed: Mapping[str, Any]) -> pl.DataFrame:
    import polars as pl

    return frame.with_columns(pl.lit(value).alias(name) for name, value in fixed.items() if name not in frame.columns)


def _postgresql(
    table: str,
    frame: pl.DataFrame,
    key: Sequence[str],
    update: Sequence[str],
    fixed: dict[str, Any],
    constants: dict[str, Any],
    touch: dict[str, str],
    is_empty: bool,
) -> Upserted:
    if is_empty:
        return _append(table, _with_constants(frame, fixed))
    names = frame.columns
    picked = ", ".join(f'"{name}"' for name in names)
    extra = [name for name in fixed if name not in names]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS import_rows")
        cursor.execute(f'CREATE TEMP TABLE import_rows ON COMMIT DROP AS SELECT {picked} FROM "{table}" WITH NO DATA')  # noqa: S608
        copy_in("import_rows", frame)
        columns = ", ".join(f'"{name}"' for name in [*names, *extra])
        values = ", ".join([f'"{name}"' for name in names] + ["%s"] * len(extra))
        conflict = ", ".join(f'"{name}"' for name in key)
        cursor.execute(
            f'WITH made AS (INSERT INTO "{table}" ({columns}) SELECT {values} FROM import_rows'  # noqa: S608
            f" ON CONFLICT ({conflict}) DO NOTHING RETURNING id),"
            " numbered AS (SELECT id, id - row_number() OVER (ORDER BY id) AS island FROM made)"
            " SELECT min(id), max(id) FROM numbered GROUP BY island ORDER BY 1",
            [fixed[name] for name in extra],
        )
        ranges = [(first, last) for first, last in cursor.fetchall()]
        return _update(cursor, table, frame, key, update, constants, touch, ranges)


def _append(table: str, frame: pl.DataFrame) -> Upserted:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT last_value, is_called FROM {_sequence(table)}")  # noqa: S608 - the database's own word
        last, is_called = cursor.fetchone()
        copy_in(table, frame)
    # The table is ours alone until the transaction ends, so its numbers follow one another.
    first = last + 1 if is_called else last
    return Upserted(created=frame.height, ranges=[(first, first + frame.height - 1)])


def _sequence(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
        return str(cursor.fetchone()[0])


def _sqlite(
    table: str,
    frame: pl.DataFrame,
    key: Sequence[str],
    update: Sequence[str],
    fixed: dict[str, Any],
    constants: dict[str, Any],
    touch: dict[str, str],
) -> Upserted:
    names = frame.columns
    extra = [name for name in fixed if name not in names]
    columns = ", ".join(f'"{name}"' for name in [*names, *extra])
    marks = ", ".join(["?"] * len(names) + [_literal(fixed[name]) for name in extra])
    conflict = ", ".join(f'"{name}"' for name in key)
    rows = plain(frame).rows()
    with connection.cursor() as cursor:
        before = _highest(cursor, table)
        raw = cursor.cursor.connection.cursor()
        raw.executemany(
            f'INSERT INTO "{table}" ({columns}) VALUES ({marks}) ON CONFLICT ({conflict}) DO NOTHING',  # noqa: S608
            rows,
        )
        created = raw.rowcount
        # Whoever writes on SQLite is alone, so the new numbers are the last ones.
        last = _highest(cursor, table)
        ranges = [(last - created + 1, last)] if created else []
        assert created <= last - before or not created
        if created < frame.height:
            raw.execute("DROP TABLE IF EXISTS temp.import_rows")
            picked = ", ".join(f'"{name}"' for name in names)
            raw.execute(f'CREATE TEMP TABLE import_rows AS SELECT {picked} FROM "{table}" WHERE 0')  # noqa: S608
            raw.executemany(f"INSERT INTO import_rows VALUES ({', '.join('?' * len(names))})", rows)  # noqa: S608
        raw.close()
        return _update(cursor, table, frame, key, update, constants, touch, ranges)


def _highest(cursor: Any, table: str) -> int:
    cursor.execute(f'SELECT coalesce(max(id), 0) FROM "{table}"')  # noqa: S608
    return int(cursor.fetchone()[0])


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None).isoformat(" ")
    return "'" + str(value).replace("'", "''") + "'"


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with values as SQLite stores Django's types."""
    import polars as pl

    changes = []
    for name, kind in frame.schema.items():
        column = pl.col(name)
        if isinstance(kind, pl.Datetime):
            whole, exact = column.dt.strftime("%Y-%m-%d %H:%M:%S"), column.dt.strftime("%Y-%m-%d %H:%M:%S%.6f")
            changes.append(pl.when(column.dt.microsecond() == 0).then(whole).otherwise(exact).alias(name))
        elif kind == pl.Date:
            changes.append(column.dt.strftime("%Y-%m-%d"))
    return frame.with_columns(changes)


def _update(
    cursor: Any,
    table: str,
    frame: pl.DataFrame,
    key: Sequence[str],
    update: Sequence[str],
    constants: dict[str, Any],
    touch: dict[str, str],
    ranges: list[tuple[int, int]],
) -> Upserted:
    """The second half on both databases: what was there already and now reads otherwise."""
    created = sum(last - first + 1 for first, last in ranges)
    result = Upserted(created=created, ranges=ranges)
    if created == frame.height:
        return result
    changed = [name for name in update if name in frame.columns]
    differs = [HASH] if HASH in frame.columns else changed
    distinct = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    same_key = " AND ".join(
        f't."{name}" = n."{name}"' if name in frame.columns else f't."{name}" = {_literal(constants[name])}'
        for name in key
    )
    other = " OR ".join(f't."{name}" {distinct} n."{name}"' for name in differs) or "1 = 0"
    stored = [*changed, *([HASH] if HASH in frame.columns else [])]
    # Without the moment of the change an undo would leave a trace that looks like later work.
    remembered = [*stored, *(["updated_at"] if "updated_at" in touch else [])]
    picked = ", ".join(f't."{name}"' for name in remembered) or "0"
    cursor.execute(
        f'SELECT t.id, {picked} FROM "{table}" t, import_rows n WHERE {same_key} AND ({other})'  # noqa: S608
    )
    for pk, *values in cursor.fetchall():
        result.former.append((pk, dict(zip(remembered, map(_json_value, values), strict=False))))
    result.updated = len(result.former)
    if result.former:
        alias = ""
        sets = [f'"{name}" = n."{name}"' for name in stored]
        sets += [f'"{name}" = {sql}' for name, sql in touch.items()]
        cursor.execute(
            f'UPDATE "{table}" AS t SET {", ".join(sets)}{alias} FROM import_rows n'  # noqa: S608
            f" WHERE {same_key} AND ({other})"
        )
    result.unchanged = frame.height - created - result.updated
    return result


def _json_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
