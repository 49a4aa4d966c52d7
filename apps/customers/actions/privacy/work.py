"""The long part of an answer, carried out by a worker: copies and erasures, step by step.

Each step is marked as done in the transaction of its work, so a worker that is killed anywhere loses nothing and does
nothing twice. What lies outside of the database (files) is removed before its row: done again, it is simply gone.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction

from apps.core import audit, files, personal_data
from apps.core.outbox import announce
from apps.core.personal_data import Fate, Holding, Part, Subject
from apps.customers.actions.privacy import erased, export
from apps.customers.actions.privacy.requests import BEGUN
from apps.customers.events import CustomerErased
from apps.customers.models import Customer, ErasedIdentity, PrivacyKind, PrivacyRequest, PrivacySettings, PrivacyState
from apps.customers.subject import identities_of, subject_of

log = structlog.get_logger(__name__)

# Longer than a task may run: until then nobody else takes the request up.
LEASE = timedelta(minutes=6)
LONGEST_PAUSE = timedelta(hours=1)
# What was written while the work ran is found by another look; more often than this something is wrong.
MOST_LOOKS = 5
PLAN = "plan"
SYSTEM = audit.System("privacy")


def work_next(*, now: datetime) -> bool:
    """Carry one request on; False when none is due. Safe beside any number of other workers."""
    request = _claim(now)
    if request is None:
        return False
    try:
        if request.kind == PrivacyKind.ERASURE:
            erase(request, now=now)
        else:
            _copy(request, now)
    except Exception as error:
        # Whatever it was, the request is tried again and the page says why; the others must not wait for it.
        log.exception("privacy_request_postponed", request_id=request.pk, attempt=request.attempts)
        _postpone(request, error, now)
    return True


def erase(request: PrivacyRequest, *, now: datetime) -> None:
    """Do every step that is not done yet, and write the certificate."""
    for _look in range(MOST_LOOKS):
        subject = _prepare(request, now)
        for part, holding in _plan():
            if holding.model is not Customer and not _is_done(request, personal_data.step_name(part, holding)):
                _step(request, part, holding, subject, now)
        if _last_step(request, subject, now):
            _certify(request, now)
            return
    raise RuntimeError("new rows kept coming while the customer was erased")


def forget_exports(*, now: datetime) -> int:
    """Delete the copies whose time is over; returns how many."""
    run_out = PrivacyRequest.objects.export_run_out(now).select_related("export")
    for request in run_out:
        if request.export is not None:
            files.remove(request.export)
    return len(run_out)


@transaction.atomic
def _claim(now: datetime) -> PrivacyRequest | None:
    due = PrivacyRequest.objects.due_to_work(now).order_by("next_attempt_at", "id")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    request = due.first()
    if request is not None:
        request.attempts += 1
        request.next_attempt_at = now + LEASE
        request.save(update_fields=["attempts", "next_attempt_at"])
    return request


def _plan() -> list[tuple[Part, Holding]]:
    return [(part, holding) for part in personal_data.parts() for holding in part.holdings]


@transaction.atomic
def _prepare(request: PrivacyRequest, now: datetime) -> Subject:
    """Who it is, kept in words that outlive the rows; from here on nobody of them comes back."""
    known = set(request.record_ids)
    joined = set(Customer.objects.filter(merged_into__in=known).values_list("pk", flat=True)) - known
    references: set[str] = set(request.steps.get(PLAN, {}).get("references", []))
    if joined:
        request.record_ids = sorted(known | joined)
        request.steps = {name: _once_more(name, step) for name, step in request.steps.items()}
    subject = subject_of(request.organization_id, request.record_ids, references=references)
    if PLAN not in request.steps or joined or subject.references - references:
        planned = {
            personal_data.step_name(count.part, count.holding): count.number for count in personal_data.counts(subject)
        }
        before = request.steps.get(PLAN, {}).get("rows", {})
        rows = {name: max(number, before.get(name, 0)) for name, number in planned.items()}
        request.steps = {**request.steps, PLAN: {"references": sorted(subject.references), "rows": rows}}
        request.save(update_fields=["steps", "record_ids"])
    erased.remember(request.organization_id, identities_of(subject), request=request, now=now)
    return subject


def _step(request: PrivacyRequest, part: Part, holding: Holding, subject: Subject, now: datetime) -> None:
    name = personal_data.step_name(part, holding)
    if holding.erase is None:
        with transaction.atomic():
            _mark(request, name, personal_data.carry_out(holding, subject, now=now), now)
        return
    number = personal_data.carry_out(holding, subject, now=now)
    planned = 0 if name in request.steps else request.steps[PLAN]["rows"].get(name, 0)
    # After a kill in the middle, those that went before it are no longer found: the plan knows how many there were.
    _mark(request, name, max(number, planned), now)


def _last_step(request: PrivacyRequest, subject: Subject, now: datetime) -> bool:
    """Delete the record, unless something about it was written meanwhile: then those steps are to be done again."""
    part, holding = next(found for found in _plan() if found[1].model is Customer)
    name = personal_data.step_name(part, holding)
    if _is_done(request, name):
        return True
    with transaction.atomic():
        list(Customer.objects.select_for_update().filter(pk__in=subject.customer_ids).values_list("pk", flat=True))
        subject = subject_of(request.organization_id, subject.customer_ids, references=subject.references)
        late = [count for count in personal_data.counts(subject) if count.number and _is_late(count.holding)]
        if late:
            for count in late:
                done = personal_data.step_name(count.part, count.holding)
                request.steps[done] = _once_more(done, request.steps[done])
            request.save(update_fields=["steps"])
            return False
        erased.remember(request.organization_id, identities_of(subject), request=request, now=now)
        _mark(request, name, personal_data.carry_out(holding, subject, now=now), now)
        announce(
            CustomerErased(
                organization_id=request.organization_id,
                customer_id=request.customer_number,
                record_ids=list(request.record_ids),
                request_id=request.pk,
            )
        )
    return True


def _is_done(request: PrivacyRequest, name: str) -> bool:
    step = request.steps.get(name)
    return step is not None and not step.get("again")


def _once_more(name: str, step: dict[str, Any]) -> dict[str, Any]:
    """The step with its count, to be done again for what came later."""
    return step if name in (BEGUN, PLAN) else {**step, "again": True}


def _is_late(holding: Holding) -> bool:
    return holding.model is not Customer and holding.fate != Fate.KEPT


def _mark(request: PrivacyRequest, name: str, number: int, now: datetime) -> None:
    before = request.steps.get(name, {}).get("rows", 0)
    request.steps = {**request.steps, name: {"at": now.isoformat(), "rows": number + before}}
    request.save(update_fields=["steps"])


@transaction.atomic
def _certify(request: PrivacyRequest, now: datetime) -> None:
    request.refresh_from_db()
    lines: dict[str, list[dict[str, Any]]] = {fate.value: [] for fate in Fate}
    for part, holding in _plan():
        step = request.steps.get(personal_data.step_name(part, holding), {})
        if step.get("rows"):
            line = {"part": part.key, "rows_of": holding.label, "rows": step["rows"]}
            lines[holding.fate].append({**line, "reason": str(holding.reason)} if holding.reason else line)
    hashes = ErasedIdentity.objects.filter(request=request).order_by("hash").values_list("hash", flat=True)
    certificate = {
        "request": request.pk,
        "customer": request.customer_number,
        "organization": request.organization.name,
        "received_at": request.received_at.isoformat(),
        "begun_at": request.steps[BEGUN]["at"],
        "extended_at": request.extended_at.isoformat() if request.extended_at else "",
        "completed_at": now.isoformat(),
        "opened_by": request.opened_by_label,
        "begun_by": request.steps[BEGUN]["by"],
        "approved_by": request.approved_by_label,
        **lines,
        "identifiers_remembered_as_keyed_hashes": list(hashes),
    }
    canonical = json.dumps(certificate, sort_keys=True, ensure_ascii=False)
    request.certificate = {**certificate, "sha256": hashlib.sha256(canonical.encode()).hexdigest()}
    # They name orders that stay, and would tell whose they were.
    request.steps = {**request.steps, PLAN: {"rows": request.steps[PLAN]["rows"]}}
    _done(request, now)
    audit.record(
        "privacy.erased",
        by=SYSTEM,
        organization_id=request.organization_id,
        on=request,
        after={fate: sum(line["rows"] for line in lines[fate]) for fate in lines},
    )


def _copy(request: PrivacyRequest, now: datetime) -> None:
    """Write the ZIP and file it; a copy of an attempt that was killed is replaced."""
    subject = subject_of(request.organization_id, request.record_ids)
    export.forget_unclaimed(request)
    with export.archive(request, subject) as content:
        stored = export.keep(request, content, by=SYSTEM, now=now)
    with transaction.atomic():
        days = PrivacySettings.objects.owned_by(request.organization_id).values_list("export_days", flat=True).first()
        request.export, request.export_expires_at = stored, now + timedelta(days=days or 7)
        _done(request, now)
        audit.record("privacy.exported", by=SYSTEM, organization_id=request.organization_id, on=request)


def _done(request: PrivacyRequest, now: datetime) -> None:
    request.state, request.completed_at = PrivacyState.DONE, now
    request.next_attempt_at, request.last_error = None, ""
    request.save(
        update_fields=[
            "state",
            "completed_at",
            "steps",
            "next_attempt_at",
            "last_error",
            "certificate",
            "export",
            "export_expires_at",
        ]
    )


def _postpone(request: PrivacyRequest, error: Exception, now: datetime) -> None:
    pause = max(
        min(timedelta(seconds=30 * 2 ** min(request.attempts, 10)), LONGEST_PAUSE),
        timedelta(seconds=getattr(error, "retry_after_seconds", 0)),
    )
    PrivacyRequest.objects.filter(pk=request.pk, state=PrivacyState.WORKING).update(
        # The words of an error of the database can hold a customer's values; its kind cannot.
        next_attempt_at=now + pause,
        last_error=f"{type(error).__name__}"[:500],
    )
