"""First load: while a table is empty its indexes and keys are dropped, and built once when the rows are there.

Building an index from sorted rows costs a fraction of keeping it up row by row. On PostgreSQL everything happens in one
transaction, so whoever is killed leaves the table as it was: empty and with its indexes. On SQLite that would keep
every other writer out until the end; there only indexes without a promise go, and whoever comes after a killed worker
builds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.apps import apps
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

# Below this the gain is not worth the locks.
LEAST_BYTES = 8 * 1024 * 1024


def can_load_then_index(labels: Sequence[str], size: int) -> bool:
    """Whether every table is empty and the file large enough."""
    if connection.vendor != "postgresql" or not labels or size < LEAST_BYTES:
        return False
    with connection.cursor() as cursor:
        for label in labels:
            if _has_rows(cursor, apps.get_model(label)._meta.db_table):
                return False
    return True


@contextmanager
def load_then_index(labels: Sequence[str]) -> Iterator[None]:
    """Inside a transaction: drop what has to be kept up row by row, build it again at the end.

    Raises IntegrityError at the end when the rows break a unique key or a foreign key.
    """
    tables = [apps.get_model(label)._meta.db_table for label in labels]
    build: list[str] = []
    with connection.cursor() as cursor:
        for table in tables:
            # Also keeps everybody else from writing into a table without its keys.
            cursor.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')
            if _has_rows(cursor, table):
                raise NotEmpty(table)
            build += _drop(cursor, table)
        yield
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        for statement in build:
            cursor.execute(statement)
        for table in tables:
            cursor.execute(f'ANALYZE "{table}"')


@contextmanager
def indexed_afterwards(labels: Sequence[str], size: int) -> Iterator[None]:
    """SQLite: fill empty tables without their indexes; at the end every index of the model is there."""
    if connection.vendor != "sqlite":
        yield
        return
    models = [apps.get_model(label) for label in labels]
    with connection.cursor() as cursor:
        for model in models if size >= LEAST_BYTES else ():
            if not _has_rows(cursor, model._meta.db_table):
                for index in model._meta.indexes:
                    cursor.execute(f'DROP INDEX IF EXISTS "{index.name}"')
    try:
        yield
    finally:
        _build_missing(models)


def _build_missing(models: Sequence[type[Model]]) -> None:
    editor = connection.schema_editor(collect_sql=True)
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute("SELECT name FROM sqlite_master WHERE tbl_name = %s", [model._meta.db_table])
            there = {name for (name,) in cursor.fetchall()}
            for index in model._meta.indexes:
                if index.name not in there:
                    cursor.execute(str(index.create_sql(model, editor)))


class NotEmpty(Exception):
    """Somebody stored a row between the question and the lock."""


def _has_rows(cursor: CursorWrapper, table: str) -> bool:
    cursor.execute(f'SELECT EXISTS (SELECT 1 FROM "{table}")')  # noqa: S608 - our own word
    return bool(cursor.fetchone()[0])


def _drop(cursor: CursorWrapper, table: str) -> list[str]:
    """Drop indexes and constraints of the table; returns what builds them again, in this order."""
    cursor.execute(
        "SELECT c.conname, pg_get_constraintdef(c.oid), c.contype::text FROM pg_constraint c"
        " WHERE c.conrelid = %s::regclass AND (c.contype IN ('u', 'f') OR c.contype = 'p' AND NOT EXISTS"
        " (SELECT FROM pg_constraint f WHERE f.confrelid = c.conrelid AND f.contype = 'f'))",
        [table],
    )
    constraints = cursor.fetchall()
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid = %s::regclass AND NOT EXISTS"
        " (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('u', 'p'))",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _definition, _kind in constraints:
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    for name, _definition in indexes:
        cursor.execute(f"DROP INDEX {name}")
    order = {"p": 0, "u": 1, "f": 2}
    keys = [
        (order[kind], f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}')
        for name, definition, kind in constraints
    ]
    built = [(1, definition) for _name, definition in indexes]
    return [statement for _order, statement in sorted(keys + built)]
