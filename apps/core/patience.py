"""How long a page waits for what it asks.

A server that is away says so at once. One that hangs (a stopped machine, a full disk, a broken network) accepts
connections and stays silent, and nothing in TCP ends that. So whoever serves a person says how long a question may
take; workers and commands wait, for their work may be long and has time limits of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_seconds: ContextVar[float | None] = ContextVar("patience", default=None)


def seconds() -> float | None:
    """How long one question may take here; None: as long as it needs."""
    return _seconds.get()


@contextmanager
def at_most(limit: float) -> Iterator[None]:
    """Let no question inside the block take longer."""
    token = _seconds.set(limit)
    try:
        yield
    finally:
        _seconds.reset(token)
