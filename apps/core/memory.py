"""What a process remembers of the rows that say who asks, for as long as the database tells of no change to them.

    SESSIONS: Memory[Living] = Memory()
    living = SESSIONS.recall(session_key, look_up)

What `look_up` returns is kept and given to many requests: hand out `copied(row)`, never the row itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models.base import ModelState

from apps.core import revision

V = TypeVar("V")
M = TypeVar("M", bound=models.Model)

MOST = 10_000
# A connection can be dead without either end knowing; then this is how long an old word may count.
SECONDS = 30.0


class Memory(Generic[V]):
    """Answers by key, each with the revision before which it was looked up."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[V, revision.Revision, float]] = {}

    def recall(self, key: str, look_up: Callable[[], V | None]) -> V | None:
        """The answer for this key; asked for unless nothing has changed since it was. None is not remembered."""
        # Before the look: a change meanwhile makes another revision, so what was read before it is not believed.
        now_current = revision.current()
        if now_current is None:
            return look_up()
        moment = time.monotonic()
        known = self._known.get(key)
        if known is not None and known[1] == now_current and moment < known[2]:
            return known[0]
        found = look_up()
        if found is not None:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = (found, now_current, moment + SECONDS)
        return found


def copied(row: M) -> M:
    """The row as it came from the database, joined rows included: what one request does to it no other one sees."""
    copy: M = object.__new__(type(row))
    fields: dict[str, Any] = copy.__dict__
    for name, value in row.__dict__.items():
        fields[name] = value.copy() if isinstance(value, list | dict) else value
    state = fields["_state"] = ModelState()
    state.db, state.adding = row._state.db, row._state.adding
    state.fields_cache = {
        name: copied(joined) if isinstance(joined, models.Model) else joined
        for name, joined in row._state.fields_cache.items()
    }
    return copy
