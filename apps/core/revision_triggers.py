"""The triggers with which the database tells of a change (see `revision.py`)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

CHANNEL = NAME = "compass_change"
LISTEN = f"LISTEN {CHANNEL}"
READ = "SELECT revision FROM core_revision"  # no model: whoever empties all tables must not set it back

FUNCTION = f"""
CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_notify('{CHANNEL}', ''); RETURN NULL; END $$
"""
COUNT_POSTGRESQL = (
    f"SELECT count(*) FROM pg_trigger WHERE tgname = '{NAME}' AND tgenabled <> 'D'"  # noqa: S608
    " AND tgrelid IN (SELECT to_regclass(name) FROM unnest(%s::text[]) name)"
)


def install(connection: BaseDatabaseWrapper, tables: Collection[str]) -> None:
    """Write what is missing. Nobody remembers a row that does not exist yet, so INSERT tells nothing."""
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(FUNCTION)
        else:
            cursor.execute("CREATE TABLE IF NOT EXISTS core_revision (revision integer NOT NULL)")
            cursor.execute("INSERT INTO core_revision SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM core_revision)")
        for table in present.intersection(tables):
            for statement in _statements(connection.vendor, table):
                cursor.execute(statement)


def count_sqlite(raw: Any) -> int:
    """How many of the triggers are there."""
    names = f"SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE '{NAME}_%'"  # noqa: S608
    return int(raw.execute(names).fetchone()[0])


def _statements(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        return [
            f'CREATE OR REPLACE TRIGGER {NAME} AFTER UPDATE OR DELETE OR TRUNCATE ON "{table}"'
            f" FOR EACH STATEMENT EXECUTE FUNCTION {NAME}()"
        ]
    count = "BEGIN UPDATE core_revision SET revision = revision + 1; END"
    return [
        f'CREATE TRIGGER IF NOT EXISTS {NAME}_{verb}_{table} AFTER {verb} ON "{table}" {count}'
        for verb in ("UPDATE", "DELETE")
    ]
