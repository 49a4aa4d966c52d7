"""The organisation of the request, told to PostgreSQL, whose row-level security repeats the rule of `owned_by`.

`enter(organization_id)` where the organisation becomes known (session, API key, public link), `leave()` when the
request ends. Work of the system (workers, commands, beat, the look-up of who asks) enters nothing and sees all rows.

The setting `compass.organization_id` of a connection is changed only before a statement that needs another value than
the last one did, so a thread that serves the same organisation again pays no round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.core import row_security

SETTING = "compass.organization_id"
SYSTEM = ""
TRANSACTION_CONTROL = ("SAVEPOINT", "ROLLBACK TO SAVEPOINT", "RELEASE SAVEPOINT")

_wanted: ContextVar[str] = ContextVar("organization", default=SYSTEM)


@dataclass
class _Told:
    """What a connection was last told, and within which transaction: a rollback takes the setting back too."""

    value: str | None = SYSTEM
    savepoints: tuple[str, ...] | None = None

    def still_holds(self, connection: BaseDatabaseWrapper) -> bool:
        """Whether the transaction in which it was said is still the current one."""
        if self.savepoints is None:
            return True
        if _before_begin(connection.connection):
            return False
        return tuple(connection.savepoint_ids[: len(self.savepoints)]) == self.savepoints


def enter(organization_id: int) -> None:
    """From here on this thread sees only the rows of this organisation."""
    _wanted.set(str(organization_id))


def leave() -> None:
    """From here on this thread works for the system again and sees all rows."""
    _wanted.set(SYSTEM)


@contextmanager
def inside(organization_id: int) -> Iterator[None]:
    """Work for one organisation within the block."""
    token = _wanted.set(str(organization_id))
    try:
        yield
    finally:
        _wanted.reset(token)


def apply(connection: BaseDatabaseWrapper, sql: str) -> None:
    """Before every statement: tell the connection whose rows are wanted, unless it knows or `sql` does not care."""
    told: _Told | None = connection.__dict__.get("compass_told")
    if told is None:
        return
    wanted = _wanted.get()
    if told.value == wanted and (told.savepoints is None or told.still_holds(connection)):
        return
    if sql.startswith(TRANSACTION_CONTROL):
        # A setting told here would be taken back by this very statement.
        return
    if wanted == SYSTEM and not row_security.speaks_of_owned_rows(sql):
        # The look-up of session and person, at the start of each request.
        return
    raw = connection.connection
    savepoints: tuple[str, ...] | None = None
    if connection.in_atomic_block:
        if _before_begin(raw):
            # BEGIN goes out with the first statement. Said before it, the value outlives a rollback.
            raw.autocommit = True
            try:
                _tell(raw, wanted)
            finally:
                raw.autocommit = False
            connection.__dict__["compass_told"] = _Told(wanted)
            return
        savepoints = tuple(connection.savepoint_ids)
    _tell(raw, wanted)
    connection.__dict__["compass_told"] = _Told(wanted, savepoints)


def _before_begin(raw: Any) -> bool:
    # By name, so that installations on SQLite need not load psycopg.
    return str(raw.info.transaction_status.name) == "IDLE"


def _tell(raw: Any, wanted: str) -> None:
    raw.run("SELECT set_config(%s, %s, false)", [SETTING, wanted])


def _before_statement(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    apply(context["connection"], str(sql))
    return execute(sql, params, many, context)


def watch(sender: object, connection: BaseDatabaseWrapper, **_: object) -> None:
    """Receiver of `connection_created`: a fresh connection has been told nothing, which means the system."""
    if connection.vendor != "postgresql":
        return
    connection.__dict__["compass_told"] = _Told()
    if _before_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(_before_statement)


def current_setting() -> str:
    """What the default connection was last told (for tests and the shell)."""
    told: _Told | None = default_connection.__dict__.get("compass_told")
    return (told.value or SYSTEM) if told else SYSTEM
