"""Circuit breaker per host and organisation, its state in the cache that all processes share.

Closed: calls pass; failures in a row are counted. Open: calls are refused at once. When the pause ends it is half open:
one probe passes, and its outcome closes or opens the circuit. Counting is read-then-write, so two processes may lose a
count between them: the circuit then opens one failure later. A cache that is away leaves every circuit closed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.core.cache import cache

log = structlog.get_logger(__name__)

FAILURES_TO_OPEN = 5
PAUSE_SECONDS = 30
# A probe that was killed must not keep the circuit half open for ever.
PROBE_LEASE_SECONDS = 60
FORGET_AFTER_SECONDS = 3600
INDEX_KEY = "breakers"

CLOSED, HALF_OPEN, OPEN = "closed", "half_open", "open"


@dataclass(frozen=True)
class State:
    """What is stored: failures in a row, and until when (Unix time) calls are refused; 0 when never opened."""

    failures: int = 0
    open_until: float = 0.0

    def phase(self, now: float) -> str:
        """Closed, half open or open at this moment."""
        if not self.open_until:
            return CLOSED
        return OPEN if now < self.open_until else HALF_OPEN


class Breaker:
    """One circuit. Ask `pause()` before a call, and say `succeeded()` or `failed()` after it."""

    def __init__(self, host: str, organization_id: int | None, *, clock: Callable[[], float] = time.time) -> None:
        self.host = host
        self.organization_id = organization_id
        self._clock = clock
        self._key = f"breaker:{host}:{organization_id or ''}"
        self._state = State()

    def pause(self) -> float | None:
        """None when the call may go out, else how many seconds calls are refused for."""
        self._state = _quietly(lambda: _read(self._key)) or State()
        now = self._clock()
        phase = self._state.phase(now)
        if phase == OPEN:
            return self._state.open_until - now
        if phase == HALF_OPEN:
            taken = _quietly(lambda: cache.add(f"{self._key}:probe", 1, PROBE_LEASE_SECONDS))
            return 1.0 if taken is False else None
        return None

    def succeeded(self) -> None:
        """Close the circuit; costs nothing when it was closed and clean."""
        if self._state != State():
            _quietly(lambda: cache.delete_many([self._key, f"{self._key}:probe"]))

    def failed(self) -> None:
        """Count a failure; the fifth in a row, or a failed probe, opens the circuit."""
        failures = self._state.failures + 1
        opens = failures >= FAILURES_TO_OPEN
        state = State(failures, self._clock() + PAUSE_SECONDS if opens else 0.0)
        _quietly(lambda: self._store(state))
        if opens:
            log.warning("breaker_opened", host=self.host, organization_id=self.organization_id, failures=failures)

    def _store(self, state: State) -> None:
        cache.set(self._key, (state.failures, state.open_until), FORGET_AFTER_SECONDS)
        if state.open_until:
            cache.delete(f"{self._key}:probe")
            known = set(cache.get(INDEX_KEY) or [])
            cache.set(INDEX_KEY, sorted(known | {self._key}), FORGET_AFTER_SECONDS)


def phases(now: float) -> dict[tuple[str, str], str]:
    """(host, organisation id or "") → phase, of the circuits that opened within the last hour; {} without a cache."""
    found = {}
    for key, value in (_quietly(lambda: cache.get_many(cache.get(INDEX_KEY) or [])) or {}).items():
        host, organization_id = key.removeprefix("breaker:").rsplit(":", 1)
        found[host, organization_id] = State(*value).phase(now)
    return found


def _read(key: str) -> State | None:
    value = cache.get(key)
    return State(*value) if value else None


def _quietly(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        log.warning("breaker_state_unreachable", error=str(error))
        return None
