"""A request from the day it comes to the day it is answered, and who may decide what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, Organization
from apps.core import audit, waker
from apps.core.audit import Actor
from apps.core.refused import Refused
from apps.customers.actions.consent import withdraw_consent
from apps.customers.actions.privacy import erased, restriction
from apps.customers.models import (
    Channel,
    ConsentMethod,
    Customer,
    PrivacyKind,
    PrivacyRequest,
    PrivacySettings,
    PrivacyState,
    Purpose,
    SearchTerm,
)
from apps.customers.models.privacy import MONTHS_TO_ANSWER, MOST_MORE_MONTHS, due_after
from apps.customers.subject import identities_of, subject_of, values_of

WORK_TASK = "customers.carry_out_privacy_requests"
# The first of `PrivacyRequest.steps`.
BEGUN = "begun"


def settings_of(organization: Organization | int) -> PrivacySettings:
    """How the organisation answers; the defaults where nobody chose."""
    owner = organization if isinstance(organization, int) else organization.pk
    return PrivacySettings.objects.owned_by(owner).first() or PrivacySettings(organization_id=owner)


@transaction.atomic
def change_settings(
    organization: Organization, *, deadline_days: int | None, export_days: int, needs_second_person: bool, by: Actor
) -> PrivacySettings:
    """Change deadline, life of exports and the second pair of eyes; requests that run keep their deadline."""
    row = PrivacySettings.objects.get_or_create(organization=organization)[0]
    wanted = {"deadline_days": deadline_days, "export_days": export_days, "needs_second_person": needs_second_person}
    before = {name: getattr(row, name) for name, value in wanted.items() if getattr(row, name) != value}
    if before:
        PrivacySettings.objects.filter(pk=row.pk).update(**wanted)
        after = {name: wanted[name] for name in before}
        audit.record("privacy.settings", by=by, organization_id=organization.pk, on=row, before=before, after=after)
        row.refresh_from_db()
    return row


@transaction.atomic
def open_request(
    customer: Customer,
    *,
    kind: str,
    by: Actor,
    now: datetime,
    note: str = "",
    received_at: datetime | None = None,
    purposes: Sequence[str] = (),
) -> PrivacyRequest:
    """Note that the customer asked; the clock runs from `received_at`.

    Args:
        purposes: for an objection, against what.

    Raises Refused: `bad_date`, `purposes_missing`, `already_asked` while the same request is open.
    """
    # A request speaks of the customer, so of all records that are this customer.
    customer = Customer.objects.select_for_update().get(pk=customer.merged_into_id or customer.pk)
    received_at = received_at or now
    if received_at > now + timedelta(minutes=5) or received_at < now - timedelta(days=366):
        raise Refused(_("A request came in the last year, not in the future."), code="bad_date", field="received_at")
    if kind == PrivacyKind.OBJECTION and not purposes:
        raise Refused(_("Choose at least one purpose."), code="purposes_missing", field="purposes")
    requests = PrivacyRequest.objects.owned_by(customer.organization_id)
    if requests.open().filter(customer=customer, kind=kind).exists():
        raise Refused(_("The same request of this customer is open already."), code="already_asked", field="kind")
    details: dict[str, Any] = {}
    if kind == PrivacyKind.OBJECTION:
        details = {"purposes": [purpose for purpose in Purpose.values if purpose in purposes]}
    elif kind == PrivacyKind.RECTIFICATION:
        details = {"before": values_of(customer)}
    request = PrivacyRequest.objects.create(
        organization_id=customer.organization_id,
        kind=kind,
        customer=customer,
        customer_number=customer.pk,
        received_at=received_at,
        due_at=_due_at(customer.organization, received_at),
        details=details,
        note=note.strip()[:1000],
        opened_by=by if isinstance(by, Membership) else None,
        opened_by_label=by.audit_label[:200],
    )
    _note(request, "opened", by, after={"kind": kind, "due": request.due_at})
    return request


@transaction.atomic
def extend(request: PrivacyRequest, *, months: int, reason: str, by: Actor, now: datetime) -> PrivacyRequest:
    """Take one or two more months for a complex request; the customer has to be told within the first one.

    Raises Refused: `not_open`, `bad_months`, `reason_missing`, `too_late`, `extended_already`.
    """
    request = _locked(request)
    zone = request.organization.zone
    if not request.is_open:
        raise Refused(_("This request is answered already."), code="not_open")
    if not 1 <= months <= MOST_MORE_MONTHS:
        raise Refused(_("The law allows one or two more months."), code="bad_months", field="months")
    if not reason.strip():
        raise Refused(_("Write down why."), code="reason_missing", field="reason")
    if request.extended_at is not None:
        raise Refused(_("The deadline was extended before, which is possible once."), code="extended_already")
    if now > due_after(request.received_at, zone, months=MONTHS_TO_ANSWER):
        raise Refused(_("It can be extended within one month of the day on which it came."), code="too_late")
    before = request.due_at
    request.due_at = due_after(request.received_at, zone, months=MONTHS_TO_ANSWER + months)
    request.extended_at = now
    request.details = {**request.details, "extension": reason.strip()[:1000]}
    request.save(update_fields=["due_at", "extended_at", "details"])
    audit.record(
        "privacy.extended",
        by=by,
        organization_id=request.organization_id,
        on=request,
        before={"due": before},
        after={"due": request.due_at},
    )
    return request


@transaction.atomic
def carry_out(request: PrivacyRequest, *, by: Actor, now: datetime) -> PrivacyRequest:
    """Do what was asked: at once where it is small, by a worker where it is long (copies, erasure).

    An erasure waits for a second person where the organisation wants one, and is begun by `approve` then.
    Raises Refused: `not_open`; `customer_gone`.
    """
    request = _locked(request)
    if request.state != PrivacyState.OPEN:
        raise Refused(_("This request is not waiting to be carried out."), code="not_open")
    customer = _customer_of(request)
    if request.kind == PrivacyKind.ERASURE and settings_of(request.organization_id).needs_second_person:
        request.state = PrivacyState.WAITS
        request.details = {**request.details, "asked_by": by.audit_user_id, "asked_by_label": by.audit_label}
        request.save(update_fields=["state", "details"])
        _note(request, "waits", by)
        return request
    if request.kind in (PrivacyKind.ACCESS, PrivacyKind.PORTABILITY, PrivacyKind.ERASURE):
        return _begin(request, customer, by, now)
    if request.kind == PrivacyKind.OBJECTION:
        _object(customer, request.details.get("purposes", []), by, now)
    elif request.kind == PrivacyKind.RESTRICTION:
        restriction.restrict(customer, by=by, now=now)
    else:
        request.details = {**request.details, "after": values_of(customer)}
    return _finish(request, by, now)


@transaction.atomic
def approve(request: PrivacyRequest, *, by: Membership, now: datetime) -> PrivacyRequest:
    """The second person says yes, and the erasure begins. Raises Refused: `not_waiting`, `same_person`."""
    request = _locked(request)
    if request.state != PrivacyState.WAITS:
        raise Refused(_("This request does not wait for a second person."), code="not_waiting")
    opener = request.opened_by.user_id if request.opened_by else None
    if by.audit_user_id is None or by.audit_user_id in (opener, request.details.get("asked_by")):
        raise Refused(_("Somebody else has to confirm it: you opened or asked for it."), code="same_person")
    request.approved_by, request.approved_by_label = by, by.audit_label[:200]
    request.save(update_fields=["approved_by", "approved_by_label"])
    _note(request, "approved", by)
    return _begin(request, _customer_of(request), by, now)


@transaction.atomic
def refuse(request: PrivacyRequest, *, reason: str, by: Actor, now: datetime) -> PrivacyRequest:
    """Say no, with the reason that the customer is told. Raises Refused: `not_open`, `reason_missing`."""
    request = _locked(request)
    if request.state not in (PrivacyState.OPEN, PrivacyState.WAITS):
        raise Refused(_("This request cannot be refused any more."), code="not_open")
    if not reason.strip():
        raise Refused(_("Write down why."), code="reason_missing", field="reason")
    request.state, request.completed_at = PrivacyState.REFUSED, now
    request.details = {**request.details, "refusal": reason.strip()[:1000]}
    request.save(update_fields=["state", "completed_at", "details"])
    _note(request, "refused", by)
    return request


def _begin(request: PrivacyRequest, customer: Customer, by: Actor, now: datetime) -> PrivacyRequest:
    request.state, request.next_attempt_at, request.attempts, request.last_error = PrivacyState.WORKING, now, 0, ""
    request.record_ids = customer.member_ids
    request.steps = {BEGUN: {"at": now.isoformat(), "by": by.audit_label}}
    request.save(update_fields=["state", "next_attempt_at", "attempts", "last_error", "record_ids", "steps"])
    if request.kind == PrivacyKind.ERASURE:
        _close(request, customer, by, now)
    _note(request, "begun", by)
    transaction.on_commit(lambda: waker.wake(WORK_TASK))
    return request


def _close(request: PrivacyRequest, customer: Customer, by: Actor, now: datetime) -> None:
    """From this moment nobody sees the customer, nothing new comes of the data, and nobody brings them back.

    The steps of the erasure may take a while, and a worker may be killed between two of them: what is half done must
    not be seen.
    """
    restriction.restrict(customer, by=by, now=now)
    subject = subject_of(request.organization_id, request.record_ids)
    erased.remember(request.organization_id, identities_of(subject), request=request, now=now)
    Customer.objects.filter(pk__in=request.record_ids).update(is_being_erased=True)
    SearchTerm.objects.filter(customer__in=request.record_ids).delete()


def _due_at(organization: Organization, received_at: datetime) -> datetime:
    days = settings_of(organization).deadline_days
    if days is None:
        return due_after(received_at, organization.zone, months=MONTHS_TO_ANSWER)
    return due_after(received_at, organization.zone, days=days)


def _finish(request: PrivacyRequest, by: Actor, now: datetime) -> PrivacyRequest:
    request.state, request.completed_at = PrivacyState.DONE, now
    request.save(update_fields=["state", "completed_at", "details"])
    _note(request, "answered", by)
    return request


def _object(customer: Customer, purposes: Sequence[str], by: Actor, now: datetime) -> None:
    for record in Customer.objects.filter(pk__in=customer.member_ids):
        for purpose in purposes:
            for channel in Channel.values:
                withdraw_consent(
                    record,
                    purpose=purpose,
                    channel=channel,
                    method=ConsentMethod.COUNTER,
                    by=by,
                    now=now,
                    reason=_("Objection"),
                )


def _customer_of(request: PrivacyRequest) -> Customer:
    if request.customer is None:
        raise Refused(_("This customer no longer exists."), code="customer_gone")
    return request.customer


def _locked(request: PrivacyRequest) -> PrivacyRequest:
    rows = PrivacyRequest.objects.select_for_update(of=("self",)).select_related("customer", "opened_by")
    return rows.get(pk=request.pk)


def _note(request: PrivacyRequest, what: str, by: Actor, after: Mapping[str, Any] | None = None) -> None:
    """The audit log names the request and never the customer."""
    audit.record(f"privacy.{what}", by=by, organization_id=request.organization_id, on=request, after=after)
