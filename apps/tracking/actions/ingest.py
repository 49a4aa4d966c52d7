"""Taking calls in: each is stored, a duplicate, a conflict or rejected, and its sender is told which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, connection, transaction

from apps.core import waker
from apps.tracking import reading as readings_of
from apps.tracking import storing
from apps.tracking.actions.quarantine import Refusal, put_aside
from apps.tracking.following import following_of, remember_stored
from apps.tracking.metrics import EVENTS
from apps.tracking.models import QuarantineReason
from apps.tracking.reading import Frame, Reading, Unreadable
from apps.tracking.rules import Rules, rules_of

ACCEPTED, DUPLICATE, CONFLICT, REJECTED = "accepted", "duplicate", "conflict", "rejected"
FOLLOW = "tracking.follow"


@dataclass(frozen=True)
class Sender:
    """Who sends: the source behind a write key, and the version of its organisation's plan."""

    source_id: int
    organization_id: int
    kind: str = ""
    allowed_origins: str = ""
    accepts_old: bool = False
    plan_version: int = 0

    def may_send_from(self, origin: str) -> bool:
        """Whether a page of this website may send with the key. A server names no origin."""
        return not origin or origin in self.allowed_origins.split()


@dataclass(slots=True)
class Outcome:
    """What became of one call."""

    status: str
    message_id: str = ""
    reason: str = ""
    violations: list[str] | None = None

    def as_json(self) -> dict[str, Any]:
        """What the sender reads."""
        answer: dict[str, Any] = {"message_id": self.message_id, "status": self.status}
        if self.reason:
            answer["reason"] = self.reason
            answer["detail"] = readings_of.REASONS.get(self.reason, "")
        if self.violations:
            answer["violations"] = self.violations
        return answer


@dataclass
class _Batch:
    outcomes: list[Outcome] = field(default_factory=list)
    fresh: dict[str, tuple[int, Reading]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)


def ingest(
    sender: Sender,
    calls: Sequence[Any],
    *,
    now: datetime,
    sent_at: datetime | None = None,
    user_agent: str = "",
    is_backfill: bool = False,
) -> list[Outcome]:
    """Take the calls of one request in; returns what became of each, in their order.

    `is_backfill`: events of any age are accepted. Safe to repeat: what is stored already is a duplicate.
    """
    rules = rules_of(sender.organization_id, sender.plan_version)
    frame = Frame(now, sent_at, user_agent, rules.test_users)
    oldest = None if is_backfill or sender.accepts_old else now - timedelta(days=rules.late_days)
    batch = _Batch()
    for number, call in enumerate(calls):
        _take(batch, number, call, frame, rules, oldest)
    _store(batch, sender, rules, now)
    if batch.refusals:
        put_aside(sender.organization_id, sender.source_id, batch.refusals, now=now)
    for outcome, count in Counter(outcome.status for outcome in batch.outcomes).items():
        EVENTS.labels(outcome).inc(count)
    return batch.outcomes


def _take(batch: _Batch, number: int, call: Any, frame: Frame, rules: Rules, oldest: datetime | None) -> None:
    try:
        reading = readings_of.read(call, frame)
    except Unreadable as refusal:
        _refuse(batch, call, refusal.reason, QuarantineReason.REJECTED)
        return
    if not rules.is_open:
        found, is_blocked, reading.is_key_event = rules.verdict(reading.type, reading.name, reading.payload)
        if is_blocked:
            _refuse(batch, call, "blocked", QuarantineReason.BLOCKED, reading, found)
            return
        reading.violations = found or None
    if oldest is None:
        reading.is_late = reading.timestamp < frame.received_at - timedelta(days=rules.late_days)
    elif reading.timestamp < oldest:
        _refuse(batch, call, "too_old", QuarantineReason.TOO_OLD, reading)
        return
    earlier = batch.fresh.get(reading.message_key)
    if earlier is None:
        batch.fresh[reading.message_key] = (number, reading)
        batch.outcomes.append(Outcome(ACCEPTED, reading.message_id, violations=reading.violations))
    else:
        _repeat(batch, reading, earlier[1].fingerprint)


def _refuse(
    batch: _Batch,
    call: Any,
    reason: str,
    kind: QuarantineReason,
    reading: Reading | None = None,
    violations: list[str] | None = None,
) -> None:
    found = call.get("messageId") if isinstance(call, dict) else ""
    message_id = reading.message_id if reading else found if isinstance(found, str) else ""
    batch.outcomes.append(Outcome(REJECTED, message_id[:100], reason, violations))
    detail = "; ".join(violations or [])
    if reading is None:
        detail = f"{readings_of.REASONS[reason]} ({reason})"
    batch.refusals.append(Refusal(kind, call, message_id[:100], detail, reading))


def _repeat(batch: _Batch, reading: Reading, stored: str, outcome: Outcome | None = None) -> None:
    """The id is known: the same content again, or another one."""
    is_same = reading.fingerprint == stored
    status = DUPLICATE if is_same else CONFLICT
    if outcome is None:
        batch.outcomes.append(Outcome(status, reading.message_id))
    else:
        outcome.status = status
    if not is_same:
        refusal = Refusal(QuarantineReason.CONFLICT, reading.call, reading.message_id, "", reading)
        batch.refusals.append(refusal)


def _store(batch: _Batch, sender: Sender, rules: Rules, now: datetime) -> None:
    if not batch.fresh:
        return
    readings = [reading for _number, reading in batch.fresh.values()]
    following = following_of(sender.organization_id, readings, rules)
    try:
        # A caller's transaction must survive what the database refuses; without one the statement is its own.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            known = storing.store(sender.organization_id, sender.source_id, readings, following, now)
    except DataError:
        _store_one_by_one(batch, sender, rules, now)
        return
    for key, stored in known.items():
        number, reading = batch.fresh[key]
        _repeat(batch, reading, stored, batch.outcomes[number])
    stored_work = [todo for todo in following if todo.reading.message_key not in known]
    if stored_work:
        remember_stored(sender.organization_id, stored_work)
        waker.wake(FOLLOW)


def _store_one_by_one(batch: _Batch, sender: Sender, rules: Rules, now: datetime) -> None:
    """One of them cannot be stored (a number too large for the database, say): the others can."""
    for number, reading in batch.fresh.values():
        following = following_of(sender.organization_id, [reading], rules)
        try:
            with transaction.atomic():
                known = storing.store(sender.organization_id, sender.source_id, [reading], following, now)
        except DataError:
            batch.outcomes[number].status, batch.outcomes[number].reason = REJECTED, "not_storable"
            # The content itself is what cannot be stored, so only its beginning is kept, as text.
            call = {"type": reading.type, "text": reading.body[:2000]}
            batch.refusals.append(Refusal(QuarantineReason.REJECTED, call, reading.message_id, "not_storable"))
            continue
        for stored in known.values():
            _repeat(batch, reading, stored, batch.outcomes[number])
    waker.wake(FOLLOW)


def counted(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many of each status; all four are there."""
    counts = Counter(outcome.status for outcome in outcomes)
    return {status: counts[status] for status in (ACCEPTED, DUPLICATE, CONFLICT, REJECTED)}
