"""Looking for customers who are probably the same: bounded work, and only ever a question for a person."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Coalesce

from apps.customers.actions.many import select
from apps.customers.identity import PHONE
from apps.customers.models import (
    Customer,
    DuplicateSuggestion,
    DuplicateSweep,
    SuggestionReason,
    SuggestionState,
)
from apps.customers.models.key_field import LAST
from apps.customers.similarity import ENOUGH, Face, face_of, likeness, mailbox, plain

# So many others are compared with one customer for each thing that they share: a common name is no trace.
MOST_PER_TRACE = 30
_FIELDS = ("id", "name", "email", "mobile", "company_id", "custom")


def suspect_next(organization_id: int, *, now: datetime, size: int = 500) -> bool:
    """Compare the next customers that were not looked at yet; False when none is left. Ids only grow: each once."""
    sweep, _is_new = DuplicateSweep.objects.get_or_create(organization_id=organization_id)
    records = Customer.objects.owned_by(organization_id).filter(pk__gt=sweep.position).order_by("pk")
    heads = dict(records.values_list("pk", "merged_into")[:size])
    if not heads:
        return False
    suspect(organization_id, [pk for pk, head in heads.items() if head is None], now=now)
    DuplicateSweep.objects.filter(pk=sweep.pk).update(position=max(heads))
    return True


@transaction.atomic
def suspect(organization_id: int, head_ids: list[int], *, now: datetime) -> int:
    """Queue whoever looks like one of these customers; returns how many pairs are new. A pair is asked for once."""
    found: dict[tuple[int, int], DuplicateSuggestion] = {}
    for face in _faces(organization_id, head_ids):
        for other in _faces(organization_id, _traces(organization_id, face)):
            alike = likeness(face, other)
            if other.id == face.id or alike.score < ENOUGH:
                continue
            first, second = sorted((face.id, other.id))
            found[first, second] = DuplicateSuggestion(
                organization_id=organization_id,
                customer_id=first,
                other_id=second,
                reason=SuggestionReason.SIMILAR,
                score=alike.score,
                evidence={"reasons": alike.reasons},
                state=SuggestionState.OPEN,
                created_at=now,
            )
    if not found:
        return 0
    known = DuplicateSuggestion.objects.filter(customer__in={first for first, _other in found})
    asked = set(known.values_list("customer_id", "other_id"))
    fresh = [suggestion for pair, suggestion in found.items() if pair not in asked]
    DuplicateSuggestion.objects.bulk_create(fresh, batch_size=1000, ignore_conflicts=True)
    return len(fresh)


def _faces(organization_id: int, ids: list[int]) -> list[Face]:
    heads = Customer.objects.owned_by(organization_id).heads().filter(pk__in=ids).order_by("pk")
    return [face_of(*row) for row in heads.values_list(*_FIELDS)]


def _traces(organization_id: int, face: Face) -> list[int]:
    """The heads that share a number, a mailbox or the name with this one: each a range of an index."""
    parts: list[str] = []
    params: list[object] = []
    term = "SELECT customer_id FROM customers_searchterm WHERE organization_id = %s AND term >= %s AND term < %s"
    words = face.name.split()
    ranges = [" ".join(words), " ".join(reversed(words))] if len(words) > 1 else []
    if words and len(words[-1]) > 3:
        # A slip in the first name: the same last name, where it is rare enough to tell anything.
        ranges.append(words[-1])
    if mailbox(face.email):
        ranges.append(plain(face.email.partition("@")[0].partition("+")[0]) + "@")
    for start in ranges:
        parts.append(f"SELECT * FROM ({term} LIMIT {MOST_PER_TRACE}) t{len(parts)}")  # noqa: S608 - our own words
        params += [organization_id, start, start + LAST]
    if face.mobile:
        parts.append(
            "SELECT * FROM (SELECT customer_id FROM customers_identifier WHERE organization_id = %s AND kind = %s"  # noqa: S608 - our own words
            f" AND system = '' AND value = %s AND revoked_at IS NULL LIMIT {MOST_PER_TRACE}) t{len(parts)}"
        )
        params += [organization_id, PHONE, face.mobile]
    if not parts:
        return []
    records = {pk for (pk,) in select(" UNION ".join(parts), params)}
    heads = Customer.objects.filter(pk__in=records).values_list(Coalesce("merged_into", "pk"), flat=True)
    return sorted(set(heads) - {face.id})
