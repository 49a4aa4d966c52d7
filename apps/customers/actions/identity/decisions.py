"""What people decide about who is who; the rules never overrule them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core import audit
from apps.core.audit import Actor
from apps.core.locks import wait_in_line
from apps.core.refused import Refused
from apps.customers.actions.identity import log
from apps.customers.actions.identity.resolving import resolve
from apps.customers.actions.identity.seen import head_of, note
from apps.customers.identity import MANUAL, Seen
from apps.customers.models import (
    Customer,
    DuplicateSuggestion,
    Identifier,
    IdentityAction,
    SuggestionReason,
    SuggestionState,
)


@transaction.atomic
def merge(first: Customer, second: Customer, *, by: Actor, now: datetime, reason: str = "") -> Customer:
    """Say that the two are one customer, whatever the limits; returns its head. Raises Refused (`already_one`)."""
    wait_in_line(f"customers.groups:{first.organization_id}")
    one, other = sorted((head_of(first), head_of(second)), key=lambda customer: customer.pk)
    if one.organization_id != other.organization_id:
        raise ValueError("Customers of two organisations are never one.")
    if one.pk == other.pk:
        raise Refused(_("These two are one customer already."), code="already_one")
    joined = Seen(MANUAL, f"{one.pk}={other.pk}")
    for record in (one, other):
        evidence = {"reason": reason, "by": by.audit_label}
        note(record, [joined], source="person", evidence=evidence, now=now, is_insisting=True)
    resolve(one.organization_id, [one.pk, other.pk], by=by, now=now, reason=reason)
    return head_of(one)


@transaction.atomic
def split(records: Collection[Customer], *, by: Actor, now: datetime, reason: str = "") -> Customer:
    """Say that these records are not the customer to whom they belong; returns the head of the one that stays.

    What connects them with the others is taken back on their side, and no import gives it back. They stay one customer
    among themselves where they share something. Raises Refused (`nothing_to_split`, `not_one`).
    """
    chosen = {record.pk for record in records}
    organization_id = next(iter(records)).organization_id
    wait_in_line(f"customers.groups:{organization_id}")
    heads = {head_of(record).pk for record in records}
    if len(heads) != 1:
        raise Refused(_("These records are not one customer. Look again."), code="not_one")
    head = heads.pop()
    staying = set(Customer.objects.same_as(head).values_list("pk", flat=True)) - chosen
    if not staying:
        raise Refused(_("Leave at least one record."), code="nothing_to_split")
    # A third customer, held back until now, may connect them anew once each fits its limits.
    while _take_back(chosen, staying, by, now, reason):
        resolve(organization_id, chosen | staying, by=by, now=now, reason=reason)
    _never_ask_again(organization_id, min(chosen), min(staying), by, now)
    return head_of(Customer.objects.get(pk=min(staying)))


@transaction.atomic
def reject_duplicate(suggestion: DuplicateSuggestion, *, by: Actor, now: datetime) -> DuplicateSuggestion:
    """Say that the two are not the same; nobody is asked again. Raises Refused (`already_decided`)."""
    suggestion = DuplicateSuggestion.objects.select_for_update(of=("self",)).get(pk=suggestion.pk)
    if suggestion.state != SuggestionState.OPEN:
        raise Refused(_("Somebody decided this already."), code="already_decided")
    _decide(suggestion, SuggestionState.REJECTED, by, now)
    log.record(
        suggestion.organization_id,
        IdentityAction.REJECTED,
        suggestion.customer_id,
        suggestion.other_id,
        rule=suggestion.reason,
        evidence={"score": suggestion.score},
        by=by,
        now=now,
    )
    audit.record("customer.duplicate_rejected", by=by, organization_id=suggestion.organization_id, on=suggestion)
    return suggestion


@transaction.atomic
def accept_duplicate(suggestion: DuplicateSuggestion, *, by: Actor, now: datetime, reason: str = "") -> Customer:
    """Merge the two; returns the head. Raises Refused (`already_decided`, `already_one`)."""
    suggestion = (
        DuplicateSuggestion.objects.select_for_update(of=("self",))
        .select_related("customer", "other")
        .get(pk=suggestion.pk)
    )
    if suggestion.state != SuggestionState.OPEN:
        raise Refused(_("Somebody decided this already."), code="already_decided")
    _decide(suggestion, SuggestionState.MERGED, by, now)
    return merge(suggestion.customer, suggestion.other, by=by, now=now, reason=reason)


@transaction.atomic
def take_back(identifier: Identifier, *, by: Actor, now: datetime, reason: str = "") -> Customer:
    """Say that the record does not carry this name; returns its head. Raises Refused (`already_decided`)."""
    if not Identifier.objects.filter(pk=identifier.pk, revoked_at=None).update(revoked_at=now):
        raise Refused(_("This identifier is taken back already."), code="already_decided")
    _log_identifiers([identifier], IdentityAction.REVOKED, by, now, reason)
    resolve(identifier.organization_id, [identifier.customer_id], by=by, now=now, reason=reason)
    return head_of(identifier.customer)


@transaction.atomic
def give_back(identifier: Identifier, *, by: Actor, now: datetime, reason: str = "") -> Customer:
    """Let an identifier count again that was taken back; returns the record's head. Raises Refused (`not_revoked`)."""
    if not Identifier.objects.filter(pk=identifier.pk).exclude(revoked_at=None).update(revoked_at=None):
        raise Refused(_("This identifier counts already."), code="not_revoked")
    _log_identifiers([identifier], IdentityAction.RESTORED, by, now, reason)
    resolve(identifier.organization_id, [identifier.customer_id], by=by, now=now, reason=reason)
    return head_of(identifier.customer)


def retire(customer: Customer, seen: Seen, *, by: Actor, now: datetime) -> None:
    """Somebody corrected this address of the record: it names them no longer, unless it joins records of theirs."""
    mine = Identifier.objects.live().named(seen.kind, seen.value, seen.system).filter(customer=customer)
    others = Customer.objects.same_as(customer.merged_into_id or customer.pk).exclude(pk=customer.pk)
    shared = Identifier.objects.live().named(seen.kind, seen.value, seen.system).filter(customer__in=others)
    found = mine.first()
    if found is None or (customer.own is not None and shared.exists()):
        return
    mine.update(revoked_at=now)
    _log_identifiers([found], IdentityAction.REVOKED, by, now, "")
    resolve(customer.organization_id, [customer.pk], by=by, now=now)


def _take_back(chosen: set[int], staying: set[int], by: Actor, now: datetime, reason: str) -> bool:
    """Take back what connects the two sides, on the side of `chosen`; False when they are apart."""
    sides = dict(Customer.objects.filter(pk__in=chosen | staying).values_list("pk", "merged_into"))
    heads = {pk: head or pk for pk, head in sides.items()}
    others = {heads[pk] for pk in staying}
    if others.isdisjoint(heads[pk] for pk in chosen):
        return False
    records = Customer.objects.filter(Q(pk__in=others) | Q(merged_into__in=others)).exclude(pk__in=chosen)
    theirs = Identifier.objects.live().filter(customer__in=records)
    keys = set(theirs.values_list("kind", "system", "value"))
    mine = [
        found
        for found in Identifier.objects.live().filter(customer__in=chosen)
        if (found.kind, found.system, found.value) in keys
    ]
    Identifier.objects.filter(pk__in=[found.pk for found in mine]).update(revoked_at=now)
    _log_identifiers(mine, IdentityAction.REVOKED, by, now, reason)
    return bool(mine)


def _log_identifiers(
    identifiers: Collection[Identifier], action: IdentityAction, by: Actor, now: datetime, reason: str
) -> None:
    for found in identifiers:
        evidence = {"identifier": {"kind": found.kind, "system": found.system, "value": found.value}, "reason": reason}
        log.record(
            found.organization_id,
            action,
            found.customer_id,
            None,
            rule=found.kind,
            evidence=evidence,
            by=by,
            now=now,
        )


def _never_ask_again(organization_id: int, one: int, other: int, by: Actor, now: datetime) -> None:
    first, second = sorted((one, other))
    suggestion, _is_new = DuplicateSuggestion.objects.get_or_create(
        organization_id=organization_id,
        customer_id=first,
        other_id=second,
        defaults={"reason": SuggestionReason.SIMILAR, "score": 0.0, "created_at": now},
    )
    _decide(suggestion, SuggestionState.REJECTED, by, now)


def _decide(suggestion: DuplicateSuggestion, state: SuggestionState, by: Actor, now: datetime) -> None:
    suggestion.state, suggestion.decided_at, suggestion.decided_by_label = state, now, by.audit_label[:200]
    suggestion.save(update_fields=["state", "decided_at", "decided_by_label"])
