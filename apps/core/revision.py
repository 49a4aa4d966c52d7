"""Which state of the rows that say who may do what is current: the ground on which `memory.py` stands.

The database itself tells of every change, whoever makes it (an action, Django admin, a command, psql), within the very
transaction, so a rollback tells nothing. Models with `change_is_told = True` have triggers, written after each migrate.

* SQLite: the trigger counts in a row, and `current` reads it: no round trip, and never late.
* PostgreSQL: the trigger sends NOTIFY. Each process keeps one connection that listens, and `current` looks whether its
  socket has something to read: no round trip, no thread. News may need some milliseconds, so who commits a change
  also says so to the processes of the same machine (`watch`, `shared_mark.py`), before the change is answered for.

`current()` is None whenever a change could be missed: no connection, no triggers, or a transaction of one's own.
See `docs/decisions/0010-who-asks-is-remembered.md`.
"""

from __future__ import annotations

import functools
import os
import select
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.core import revision_triggers
from apps.core.shared_mark import SharedMark

if TYPE_CHECKING:
    import psycopg

log = structlog.get_logger(__name__)

TRY_AGAIN_SECONDS = 5.0

Revision = int | tuple[int, bytes]


@functools.cache
def told_tables() -> tuple[str, ...]:
    """The tables whose changes are told."""
    return tuple(model._meta.db_table for model in apps.get_models() if getattr(model, "change_is_told", False))


def current() -> Revision | None:
    """Something that differs after every change; None when nothing may be remembered now."""
    if not settings.REMEMBERS_WHO_ASKS or connection.in_atomic_block:
        return None
    return _ear.heard() if connection.vendor == "postgresql" else _counted()


def install(sender: AppConfig, using: str = "default", **_: object) -> None:
    """Receiver of `post_migrate`: write the triggers that are missing."""
    revision_triggers.install(connections[using], told_tables())


# --- SQLite ---

_has_triggers = False


def _counted() -> Revision | None:
    global _has_triggers
    try:
        connection.ensure_connection()
        if not _has_triggers:
            _has_triggers = revision_triggers.count_sqlite(connection.connection) == 2 * len(told_tables())
        return int(connection.connection.execute(revision_triggers.READ).fetchone()[0]) if _has_triggers else None
    except sqlite3.Error:
        return None


# --- PostgreSQL ---


class _Ear:
    """The connection with which this process listens."""

    def __init__(self, heard: int = 0) -> None:
        self._lock = threading.Lock()
        self._connecting = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._watch = select.poll()
        self._heard = heard
        self._next_try = 0.0

    def heard(self) -> Revision | None:
        """How often something was heard, and the machine's mark; None while nobody listens."""
        if self._connection is None and not self._listen():
            return None
        # One at a time: who finds nothing to read may rely on it that nobody has read it and not yet counted.
        with self._lock:
            if self._connection is not None and self._watch.poll(0):
                self._read(self._connection)
            return (self._heard, _mark().read()) if self._connection is not None else None

    def close(self) -> None:
        """Listen no longer (until asked again)."""
        with self._lock:
            self._drop()
            self._next_try = 0.0

    def _read(self, listening: psycopg.Connection[Any]) -> None:
        self._heard += 1
        try:
            # To the end, where an end of the connection shows.
            while self._watch.poll(0):
                listening.pgconn.consume_input()
                while listening.pgconn.notifies():
                    pass
        except Exception as error:
            # The server has gone, which is something to read too.
            log.warning("changes_unheard", error=str(error))
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._watch = None, select.poll()
        self._heard += 1

    def _listen(self) -> bool:
        """Whether there is a connection now. Others go on without, meanwhile."""
        if time.monotonic() < self._next_try or not self._connecting.acquire(blocking=False):
            return False
        try:
            self._next_try = time.monotonic() + TRY_AGAIN_SECONDS
            fresh = self._connect()
            with self._lock:
                self._watch.register(fresh.fileno(), select.POLLIN)
                self._heard += 1
                self._connection = fresh
        except Exception as error:
            log.warning("changes_unheard", error=str(error))
            return False
        finally:
            self._connecting.release()
        return True

    @staticmethod
    def _connect() -> psycopg.Connection[Any]:
        import psycopg

        parameters = {**connection.get_connection_params(), "cursor_factory": psycopg.Cursor}
        fresh = psycopg.connect(**parameters, autocommit=True)
        tables = list(told_tables())
        fresh.execute(revision_triggers.LISTEN)
        found = fresh.execute(revision_triggers.COUNT_POSTGRESQL, [tables]).fetchone()
        if found != (len(tables),):
            fresh.close()
            raise RuntimeError("the triggers are missing; run migrate")
        return fresh


_ear = _Ear()


@functools.cache
def _mark() -> SharedMark:
    return SharedMark(settings.VAR_DIR / "revision")


# What a parent opened stays the parent's: to close it here would end it there.
_inherited: list[_Ear] = []


def _begin_anew() -> None:
    global _ear
    _inherited.append(_ear)
    # Not from nought: what the parent remembered is in the child's memory too.
    _ear = _Ear(_ear._heard + 1)


os.register_at_fork(after_in_child=_begin_anew)


def listen_no_longer() -> None:
    """Close the listening connection, until somebody asks again (before a database is dropped)."""
    _ear.close()


def _after_statement(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    result = execute(sql, params, many, context)
    if sql.startswith(("UPDATE", "DELETE")) and any(table in sql for table in told_tables()):
        context["connection"].on_commit(_mark().change)
    return result


def watch(sender: object, connection: BaseDatabaseWrapper, **_: object) -> None:
    """Receiver of `connection_created`: tell the machine what this process commits."""
    if connection.vendor == "postgresql" and _after_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(_after_statement)
