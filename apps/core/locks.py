"""Advisory locks between processes: two beats or two workers at once must do no harm.

    with advisory_lock("messaging.sweep") as alone:
        if alone: …

The lock ends with the block, and with the process that held it, however that one died.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection


@contextmanager
def advisory_lock(name: str) -> Iterator[bool]:
    """Yield True to the one holder of this name and False, at once, to everybody else."""
    digest = _digest(name)
    with _postgres(digest) if connection.vendor == "postgresql" else _file(digest) as alone:
        yield alone


def wait_in_line(*names: str) -> None:
    """Hold each name until the transaction ends; whoever else asks for one of them waits.

    For what no constraint can promise ("nobody else makes a customer of this address meanwhile"). The names are taken
    in one order, so that two who want the same ones cannot wait for each other. On SQLite a transaction that writes
    is alone anyway.
    """
    if connection.vendor != "postgresql" or not names:
        return
    numbers = sorted({int.from_bytes(_digest(name), signed=True) for name in names})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(n) FROM unnest(%s::bigint[]) AS n", [numbers])


@contextmanager
def one_writer() -> Iterator[None]:
    """On SQLite, stand in line to write, around the transaction; on PostgreSQL nobody has to.

    SQLite lets one writer in, and the others ask again after a pause that grows. Here the next one is woken the moment
    the last one is through, in this process by a lock of threads, between processes by a lock of the kernel.
    """
    if connection.vendor == "postgresql" or connection.in_atomic_block:
        # Whoever is in a transaction already may hold the database: to wait for another thread could be for ever.
        yield
        return
    with _turn:
        file = _line(os.getpid())
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


_turn = threading.Lock()


@functools.lru_cache(1)
def _line(_pid: int) -> int:
    # A file that a parent opened would be the parent's place in the line as well, hence one for each process.
    folder = Path(settings.VAR_DIR) / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return os.open(folder / "writer", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _digest(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=8).digest()


@contextmanager
def _postgres(digest: bytes) -> Iterator[bool]:
    # A connection of its own: a broken transaction, a reconnect or a pooler cannot lose or keep the lock.
    own = connection.copy()
    number = int.from_bytes(digest, signed=True)
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
            alone = bool(cursor.fetchone()[0])
        try:
            yield alone
        finally:
            # Closing frees it as well, but the server notices that only a moment later.
            with suppress(DatabaseError), own.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_all()")
    finally:
        own.close()


@contextmanager
def _file(digest: bytes) -> Iterator[bool]:
    folder = Path(settings.VAR_DIR) / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / digest.hex()).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
