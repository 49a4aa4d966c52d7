"""The backend named by `ENGINE`.

Before a request's first statement Django asks whether the connection that the thread kept still works, by `SELECT 1`: a
round trip that costs as much as finding out who asks. A server that went away has closed the socket, and that can be
seen here: a closed socket has something to read, a living idle one has not.

A server that stays silent closes nothing, so a statement of a page is given up after a while (`core.patience`).
"""

from __future__ import annotations

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.abc import PQGen

from apps.core import patience
from apps.core.postgresql.statements import StatementConnection


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks the server only when the socket says that something has happened, and no longer than a person waits."""

    def is_usable(self) -> bool:
        """Whether the next statement can be sent."""
        if self.connection is None or self.connection.closed:
            return False
        watch = select.poll()
        watch.register(self.connection.fileno(), select.POLLIN)
        return super().is_usable() if watch.poll(0) else True

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        """A connection that knows how long a statement may take where it is asked."""
        connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
        connection.__class__ = ImpatientConnection
        connection.statements = {}  # type: ignore[attr-defined]
        return connection


class ImpatientConnection(StatementConnection):
    """Ends itself when a statement takes longer than `patience.seconds()`."""

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        """The statement's result. Raises OperationalError when the server stays silent."""
        limit = patience.seconds()
        if limit is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, limit)
        except psycopg.errors._WaitTimeout as silence:
            # Nobody knows what the server will still send, so nothing can be asked on this line any more.
            self.pgconn.finish()
            raise psycopg.OperationalError(f"The database gave no answer within {limit:g} s.") from silence
