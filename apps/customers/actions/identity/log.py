"""What is told of merges and splits: log, timeline, audit log and events; however many, a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core import audit, request_context, waker
from apps.core.audit import Actor
from apps.core.models import OutboxEvent
from apps.core.outbox import Event, payload_of
from apps.customers.events import CustomersMerged, CustomersSplit
from apps.customers.identity import Held, Join
from apps.customers.models import Customer, Domain, IdentityAction, IdentityChange, TimelineEntry

# More than so many customers at once are an import: one line of the audit log tells of them all.
SINGLE_AUDIT_LINES = 20


@dataclass
class Told:
    """What happened: per head the records that were joined to it, and per head those that left it."""

    merged: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    split: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    held: list[Held] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.merged or self.split)


def compare(before: Mapping[int, int], groups: list[tuple[int, ...]]) -> Told:
    """What changed, from the heads of `before` to `groups`."""
    told = Told()
    for group in groups:
        head = group[0]
        parts: dict[int, list[int]] = defaultdict(list)
        for record in group:
            parts[before[record]].append(record)
        for old, records in parts.items():
            if old not in group:
                told.split[old] += records
            if head not in records:
                told.merged[head].append(old if old in group else records[0])
    return told


def tell(organization_id: int, told: Told, *, by: Actor, now: datetime, reason: str) -> None:
    """Write it down."""
    organization = Organization.objects.get(pk=organization_id)
    why = {record: join for join in reversed(told.joins) for record in (join.record, join.other)}
    changes = [
        *_changes(organization_id, told.merged, IdentityAction.MERGED, by, now, why, reason),
        *_changes(organization_id, told.split, IdentityAction.SPLIT, by, now, {}, reason),
    ]
    IdentityChange.objects.bulk_create(changes, batch_size=2000)
    with translation.override(organization.language):
        _tell_timeline(changes, by)
    _tell_audit(organization_id, told, by, reason)
    events: list[Event] = [
        *(
            CustomersMerged(organization_id=organization_id, customer_id=c, merged_ids=m)
            for c, m in told.merged.items()
        ),
        *(CustomersSplit(organization_id=organization_id, customer_id=c, split_ids=s) for c, s in told.split.items()),
    ]
    _announce(events, now)


def record(
    organization_id: int,
    action: IdentityAction,
    customer: int,
    other: int | None,
    *,
    rule: str,
    evidence: Mapping[str, Any],
    by: Actor,
    now: datetime,
) -> IdentityChange:
    """One line of the log."""
    return IdentityChange.objects.create(
        organization_id=organization_id,
        at=now,
        action=action,
        customer_id=customer,
        other_id=other,
        rule=rule,
        evidence=dict(evidence),
        by_label=by.audit_label[:200],
    )


def _changes(
    organization_id: int,
    pairs: Mapping[int, list[int]],
    action: IdentityAction,
    by: Actor,
    now: datetime,
    why: Mapping[int, Join],
    reason: str,
) -> list[IdentityChange]:
    return [
        IdentityChange(
            organization_id=organization_id,
            at=now,
            action=action,
            customer_id=customer,
            other_id=other,
            rule=why[other].key.kind if other in why else "",
            evidence=_evidence(why.get(other)) | ({"reason": reason} if reason else {}),
            by_label=by.audit_label[:200],
        )
        for customer, others in pairs.items()
        for other in others
    ]


def _evidence(join: Join | None) -> dict[str, Any]:
    if join is None:
        return {}
    return {"identifier": join.key._asdict(), "records": [join.record, join.other]}


def _tell_timeline(changes: list[IdentityChange], by: Actor) -> None:
    names = Customer.objects.in_bulk({change.other_id for change in changes})
    entries = []
    for change in changes:
        words = (
            _("Another record is the same customer: %(name)s (no. %(number)s)")
            if change.action == IdentityAction.MERGED
            else _("A record was split off: %(name)s (no. %(number)s)")
        )
        name = names[change.other_id or 0]
        entries.append(
            TimelineEntry(
                organization_id=change.organization_id,
                customer_id=change.customer_id,
                at=change.at,
                domain=Domain.CUSTOMERS,
                kind=change.action,
                title=(words % {"name": str(name)[:100], "number": name.pk})[:200],
                body=change.evidence.get("reason", ""),
                data={"by": by.audit_label},
                source_event=f"customers.IdentityChange:{change.pk}",
            )
        )
    TimelineEntry.objects.bulk_create(entries, batch_size=2000, ignore_conflicts=True)


def _tell_audit(organization_id: int, told: Told, by: Actor, reason: str) -> None:
    both = (("customer.merged", told.merged), ("customer.split", told.split))
    for action, pairs in both:
        if len(pairs) > SINGLE_AUDIT_LINES:
            after: dict[str, Any] = {
                "customers": len(pairs),
                "records": sum(map(len, pairs.values())),
                "reason": reason,
            }
            audit.record(action, by=by, organization_id=organization_id, after=after)
            continue
        heads = Customer.objects.in_bulk(pairs.keys())
        for head, records in pairs.items():
            audit.record(
                action,
                by=by,
                organization_id=organization_id,
                on=heads[head],
                after={"records": records, "reason": reason},
            )


def _announce(events: list[Event], now: datetime) -> None:
    OutboxEvent.objects.bulk_create(
        [
            OutboxEvent(
                organization_id=event.organization_id,
                name=event.name,
                payload=payload_of(event),
                request_id=request_context.current().request_id,
                announced_at=now,
                next_attempt_at=now,
            )
            for event in events
        ],
        batch_size=2000,
    )
    transaction.on_commit(waker.wake)
