"""The request id and the caller's address: what must reach logs, audit entries, tasks and outgoing calls.

It carries nothing that decides anything: who asks is always an argument.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_FITTING_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


@dataclass(frozen=True)
class Trace:
    """The id under which one piece of work can be followed, and the address it came from."""

    request_id: str = ""
    ip: str | None = None


NOTHING = Trace()
_current: ContextVar[Trace] = ContextVar("trace", default=NOTHING)


def current() -> Trace:
    """The trace of the work at hand; empty outside of any."""
    return _current.get()


def new_request_id(offered: str = "") -> str:
    """The id that a proxy offered when it is a harmless one, else a fresh one."""
    return offered if _FITTING_ID.fullmatch(offered) else secrets.token_hex(12)


@contextmanager
def trace(request_id: str, ip: str | None = None) -> Iterator[Trace]:
    """Carry this trace through the block."""
    token = _current.set(Trace(request_id, ip))
    try:
        yield _current.get()
    finally:
        _current.reset(token)
