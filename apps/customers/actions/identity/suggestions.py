"""The queue of pairs for a person to decide, as far as the rules fill and empty it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from apps.core.audit import Actor
from apps.customers.actions.many import among, ids, select
from apps.customers.identity import Held, Partition
from apps.customers.models import (
    DuplicateSuggestion,
    IdentityAction,
    IdentityChange,
    SuggestionReason,
    SuggestionState,
)

# A rule says that they are one: only a limit speaks against it.
HELD_SCORE = 0.99


def hold(organization_id: int, answer: Partition, *, by: Actor, now: datetime) -> int:
    """Queue the pairs that a limit holds back, and take what is settled out of the queue; returns how many are new."""
    heads = answer.heads
    _settle(organization_id, heads, {(pair.record, pair.other) for pair in answer.held}, by, now)
    fresh = _unknown(answer.held)
    DuplicateSuggestion.objects.bulk_create(
        [
            DuplicateSuggestion(
                organization_id=organization_id,
                customer_id=pair.record,
                other_id=pair.other,
                reason=SuggestionReason.HELD,
                score=HELD_SCORE,
                evidence=_evidence(pair),
                created_at=now,
            )
            for pair in fresh
        ],
        batch_size=1000,
        ignore_conflicts=True,
    )
    IdentityChange.objects.bulk_create(
        [
            IdentityChange(
                organization_id=organization_id,
                at=now,
                action=IdentityAction.HELD,
                customer_id=pair.record,
                other_id=pair.other,
                rule=pair.key.kind,
                evidence=_evidence(pair),
                by_label=by.audit_label[:200],
            )
            for pair in fresh
        ],
        batch_size=1000,
    )
    return len(fresh)


def _evidence(pair: Held) -> dict[str, Any]:
    return {"identifier": pair.key._asdict(), "why": pair.why}


def _unknown(held: Collection[Held]) -> list[Held]:
    """Those of which no person was asked before."""
    if not held:
        return []
    known = select(
        f"SELECT customer_id, other_id FROM customers_duplicatesuggestion WHERE {among('customer_id')}",  # noqa: S608 - our own words
        [ids({pair.record for pair in held})],
    )
    asked = {tuple(row) for row in known}
    return [pair for pair in held if (pair.record, pair.other) not in asked]


def _settle(organization_id: int, heads: dict[int, int], held: set[tuple[int, int]], by: Actor, now: datetime) -> None:
    """Open pairs that became one customer are merged; those that no rule joins any more are no longer in question."""
    chosen = ids(heads)
    waiting = select(
        "SELECT id, customer_id, other_id, reason FROM customers_duplicatesuggestion WHERE organization_id = %s"  # noqa: S608 - our own words
        f" AND state = '{SuggestionState.OPEN}' AND ({among('customer_id')} OR {among('other_id')})",
        [organization_id, chosen, chosen],
    )
    merged, obsolete = [], []
    for pk, customer, other, reason in waiting:
        if customer in heads and heads[customer] == heads.get(other):
            merged.append(pk)
        elif reason == SuggestionReason.HELD and (customer, other) not in held:
            obsolete.append(pk)
    for pks, state in ((merged, SuggestionState.MERGED), (obsolete, SuggestionState.OBSOLETE)):
        if pks:
            DuplicateSuggestion.objects.filter(pk__in=pks).update(
                state=state, decided_at=now, decided_by_label=by.audit_label[:200]
            )
