"""What follows from an event: who it was (identity, consent), and an entry on the timeline.

Decided while the batch is read and written with it as `Todo` rows; `actions.follow` does it afterwards in a worker.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import orjson

from apps.tracking.models import TodoKind
from apps.tracking.reading import Reading
from apps.tracking.rules import Rules
from apps.tracking.storing import Following

# What a customer's record can take from traits (the reserved names of the Segment specification).
TRAITS = ("name", "firstName", "lastName", "phone", "email")
MOST_KNOWN = 50_000
KNOWN_SECONDS = 3600.0


def following_of(organization_id: int, readings: Sequence[Reading], rules: Rules) -> list[Following]:
    """The work that these events bring, should they be new. What this process stored lately is not asked again."""
    found: dict[bytes, Following] = {}
    key_events = []
    for reading in readings:
        if reading.is_bot:
            continue
        if tells_who(reading, rules):
            data = _observed(reading, rules)
            mark = _mark(organization_id, data)
            if mark not in found and not _known.has(mark):
                found[mark] = Following(TodoKind.OBSERVE, reading, data)
        if reading.is_key_event:
            data = {"person": reading.person, "name": reading.name, "message": reading.message_id}
            key_events.append(Following(TodoKind.TIMELINE, reading, data))
    return [*found.values(), *key_events]


def tells_who(reading: Reading, rules: Rules) -> bool:
    """Whether the event says who somebody is, or what they agreed to."""
    if reading.type in ("identify", "alias"):
        return True
    if reading.user_id and reading.anonymous_id:
        return True
    if reading.email:
        return True
    return bool(rules.consent_categories and reading.user_id and _consent(reading))


def remember_stored(organization_id: int, following: Sequence[Following]) -> None:
    """This work is stored: the same need not be stored again for a while."""
    for todo in following:
        if todo.kind == TodoKind.OBSERVE:
            _known.add(_mark(organization_id, todo.data))


def forget_known() -> None:
    """Ask everything again (tests)."""
    _known.clear()


def _observed(reading: Reading, rules: Rules) -> dict[str, Any]:
    data: dict[str, Any] = {"type": reading.type, "user_id": reading.user_id, "anonymous_id": reading.anonymous_id}
    if reading.type == "alias":
        data["previous_id"] = str(reading.call["previousId"])
    if reading.type == "identify":
        traits = reading.call.get("traits") or {}
        data["traits"] = {key: value for key in TRAITS if isinstance(value := traits.get(key), str) and value}
    if reading.email:
        data["email"] = reading.email
    if rules.consent_categories and (said := _consent(reading)):
        data["consent"] = said
    return data


def _consent(reading: Reading) -> Mapping[str, Any]:
    consent = (reading.call.get("context") or {}).get("consent")
    said = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    return {str(key): value for key, value in said.items() if isinstance(value, bool)} if isinstance(said, dict) else {}


def _mark(organization_id: int, data: Mapping[str, Any]) -> bytes:
    text = orjson.dumps([organization_id, data], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=16).digest()


class _Known:
    """What was stored lately by this process: a bounded set that forgets."""

    def __init__(self) -> None:
        self._marks: OrderedDict[bytes, float] = OrderedDict()
        self._lock = Lock()

    def has(self, mark: bytes) -> bool:
        since = self._marks.get(mark)
        return since is not None and time.monotonic() - since < KNOWN_SECONDS

    def add(self, mark: bytes) -> None:
        with self._lock:
            self._marks[mark] = time.monotonic()
            self._marks.move_to_end(mark)
            if len(self._marks) > MOST_KNOWN:
                self._marks.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._marks.clear()


_known = _Known()
