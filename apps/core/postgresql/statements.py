"""A statement that is prepared once per connection and afterwards runs with little around it.

psycopg's cursor weighs anew with each call what kind of query it was given, which costs more than libpq needs to run
it. Here the text is translated once, and a call is: parameters to bytes, one message out, one back, bytes to values
(both by psycopg's own adapters). For hot paths only, through `core.fastsql`.
"""

from __future__ import annotations

import functools
import re
import select
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from apps.core import patience

PLACE = re.compile(r"%(?:\((\w+)\)s|s|%)")
# Each is kept by the server until the connection ends.
MOST_STATEMENTS = 300

Params = Sequence[Any] | Mapping[str, Any]


class StatementConnection(psycopg.Connection[Any]):
    """A connection that keeps statements prepared."""

    statements: dict[tuple[str, tuple[int, ...]], bytes]

    def run(self, sql: str, params: Params) -> list[tuple[Any, ...]]:
        """The rows; none for a statement that gives none. Places are `%s` or `%(name)s`, a percent sign is `%%`.

        Raises what psycopg raises, and OperationalError when the server stays silent longer than `patience.seconds()`.
        """
        if not self.autocommit and self.pgconn.transaction_status == TransactionStatus.IDLE:
            # psycopg opens the transaction with its own first statement. It must prepare nothing: once it did, each of
            # its ROLLBACKs would give up all statements of the connection, ours too.
            with psycopg.Cursor(self) as cursor:
                cursor.execute(sql.encode(), params)
                return cursor.fetchall() if cursor.pgresult is not None and cursor.pgresult.nfields else []
        query, names = _translated(sql)
        values = [params[name] for name in names] if isinstance(params, Mapping) else params
        adapters = Transformer(self)
        bound = adapters.dump_sequence(values, [PyFormat.AUTO] * len(values))
        name = self._statement_name(sql, query, adapters.types or ())
        self.pgconn.send_query_prepared(name, bound, adapters.formats)
        try:
            result = self._received()
        except psycopg.errors.InvalidSqlStatementName:
            # Somebody between us and the server (a pooler) gave everything up.
            self.statements.clear()
            if self.pgconn.transaction_status != TransactionStatus.IDLE:
                raise
            return self.run(sql, params)
        adapters.set_pgresult(result)
        found = adapters.pgresult
        return adapters.load_rows(0, found.ntuples, tuple) if found is not None and found.nfields else []

    def _statement_name(self, sql: str, query: bytes, types: Sequence[int]) -> bytes:
        key = (sql, tuple(types))
        name = self.statements.get(key)
        if name is None:
            while len(self.statements) >= MOST_STATEMENTS:
                oldest = self.statements.pop(next(iter(self.statements)))
                self.pgconn.send_query(b"DEALLOCATE " + oldest)
                self._received()
            name = b"compass_%d" % self._next_number()
            self.pgconn.send_prepare(name, query, types)
            self._received()
            self.statements[key] = name
        return name

    def _next_number(self) -> int:
        self.numbered: int = getattr(self, "numbered", 0) + 1
        return self.numbered

    def _received(self) -> PGresult:
        """The result of what was sent. Raises what the server refused it with."""
        line, limit = self.pgconn, patience.seconds()
        watch = select.poll()
        watch.register(line.socket, select.POLLIN)
        while line.flush():
            select.select([], [line.socket], [], limit)
        last: PGresult | None = None
        while True:
            if line.is_busy():
                if not watch.poll(None if limit is None else limit * 1000):
                    # Nobody knows what the server will still send, so nothing can be asked on this line any more.
                    line.finish()
                    raise psycopg.OperationalError(f"The database gave no answer within {limit:g} s.")
                line.consume_input()
                continue
            result = line.get_result()
            if result is None:
                break
            last = result
        if last is None:
            raise psycopg.OperationalError("The database gave no answer.")
        if last.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise psycopg.errors.error_from_result(last)
        return last


@functools.lru_cache(1000)
def _translated(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """The text with PostgreSQL's own places, and the names of its parameters where they have names."""
    names: list[str] = []
    count = 0

    def place(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] == "%%":
            return "%"
        if found[1] is None:
            count += 1
            return f"${count}"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return PLACE.sub(place, sql).encode(), tuple(names)
