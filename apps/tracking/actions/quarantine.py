"""What was not stored, and what people decide about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import audit, waker
from apps.core.audit import Actor
from apps.core.refused import Refused
from apps.tracking import reading as readings_of
from apps.tracking import storing
from apps.tracking.following import following_of
from apps.tracking.models import QuarantinedEvent, QuarantineReason, QuarantineState, TrackingSettings
from apps.tracking.reading import Frame, Reading, Unreadable, fingerprint_of
from apps.tracking.rules import rules_of

LONGEST_KEPT = readings_of.LARGEST_EVENT


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that was not stored, and why; `reading` where it could be read."""

    reason: QuarantineReason
    call: Any
    message_id: str = ""
    detail: str = ""
    reading: Reading | None = None


def put_aside(organization_id: int, source_id: int, refusals: Sequence[Refusal], *, now: datetime) -> None:
    """Keep the calls as they came; the same one again adds nothing."""
    rows = [
        QuarantinedEvent(
            organization_id=organization_id,
            source_id=source_id,
            received_at=now,
            reason=refusal.reason,
            detail=refusal.detail[:500],
            type=refusal.reading.type if refusal.reading else "",
            name=_clean(refusal.reading.name)[:200] if refusal.reading else "",
            message_id=_clean(refusal.message_id)[:100],
            fingerprint=refusal.reading.fingerprint if refusal.reading else fingerprint_of(refusal.call),
            body=_kept(refusal),
        )
        for refusal in refusals
    ]
    QuarantinedEvent.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)


def _kept(refusal: Refusal) -> Any:
    """The content as the database can hold it: what it cannot hold becomes text, and its beginning is kept."""
    if refusal.reading is not None:
        return orjson.loads(refusal.reading.body)
    try:
        text = orjson.dumps(refusal.call)
    except TypeError:
        return {"text": _clean(readings_of.words_of(refusal.call))[:2000]}
    if len(text) > LONGEST_KEPT or readings_of.NUL.search(text):
        return {"text": text[:2000].decode(errors="replace")}
    return refusal.call


def _clean(text: str) -> str:
    return text.replace("\x00", "�").encode(errors="replace").decode()


@transaction.atomic
def release(row: QuarantinedEvent, *, by: Actor, now: datetime) -> QuarantinedEvent:
    """Store it after all. A conflict gets a message id of its own, so that both are kept.

    Raises Refused: `not_waiting`, `not_readable`, or `already_stored` when the same content came in again meanwhile.
    """
    row = QuarantinedEvent.objects.select_for_update().get(pk=row.pk)
    if not row.is_waiting:
        raise Refused(_("Somebody has decided this already."), code="not_waiting")
    if not row.may_be_released:
        raise Refused(_("This is no valid event, so it cannot be stored."), code="not_readable")
    call = dict(row.body)
    if row.reason == QuarantineReason.CONFLICT:
        call["messageId"] = f"{row.message_id[:60]}~{row.fingerprint.hex}"
    version = _version(row.organization_id)
    rules = rules_of(row.organization_id, version)
    try:
        reading = readings_of.read(call, Frame(row.received_at, test_users=rules.test_users))
    except Unreadable as error:
        raise Refused(_("This is no valid event, so it cannot be stored."), code="not_readable") from error
    reading.violations, _blocked, reading.is_key_event = rules.verdict(reading.type, reading.name, reading.payload)
    reading.is_late = row.reason == QuarantineReason.TOO_OLD
    following = following_of(row.organization_id, [reading], rules)
    if storing.store(row.organization_id, row.source_id, [reading], following, now):
        raise Refused(_("This event is stored already."), code="already_stored")
    waker.wake("tracking.follow")
    return _decide(row, QuarantineState.RELEASED, by, now)


@transaction.atomic
def dismiss(row: QuarantinedEvent, *, by: Actor, now: datetime) -> QuarantinedEvent:
    """Put it aside for good; it is kept. Raises Refused (`not_waiting`)."""
    row = QuarantinedEvent.objects.select_for_update().get(pk=row.pk)
    if not row.is_waiting:
        raise Refused(_("Somebody has decided this already."), code="not_waiting")
    return _decide(row, QuarantineState.DISMISSED, by, now)


def _decide(row: QuarantinedEvent, state: QuarantineState, by: Actor, now: datetime) -> QuarantinedEvent:
    row.state, row.decided_at, row.decided_by_label = state, now, by.audit_label[:200]
    row.save(update_fields=["state", "decided_at", "decided_by_label"])
    audit.record(
        f"quarantined_event.{state.value}",
        by=by,
        organization_id=row.organization_id,
        on=row,
        after={"reason": row.reason, "message_id": row.message_id},
    )
    return row


def _version(organization_id: int) -> int:
    found = TrackingSettings.objects.owned_by(organization_id).values_list("version", flat=True).first()
    return found or 0
