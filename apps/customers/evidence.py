"""Reads for the pages of identity: the records of a customer with what proves them, pairs side by side, the log."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core.keyset import Keyset
from apps.customers.models import Customer, DuplicateSuggestion, Identifier, IdentityChange, SuggestionState

QUEUE = Keyset("-score", "-id")
LOG = Keyset("-id")


@dataclass(frozen=True)
class Evidence:
    """One identifier of a record; `shared_with`: the other records of the customer that carry it too."""

    identifier: Identifier
    shared_with: list[int]


@dataclass(frozen=True)
class Record:
    """One record of a customer. `name` and `email` are what it says itself."""

    customer: Customer
    is_head: bool
    evidence: list[Evidence]

    @property
    def sources(self) -> list[str]:
        """Where it was seen."""
        return sorted({found.identifier.source for found in self.evidence})


@dataclass(frozen=True)
class Line:
    """One fact of two customers side by side."""

    label: str
    one: Any
    other: Any

    @property
    def is_same(self) -> bool:
        """Whether both say the same."""
        return bool(self.one) and self.one == self.other


@dataclass(frozen=True)
class Pair:
    """Two customers side by side."""

    one: Customer
    other: Customer
    lines: list[Line]
    suggestion: DuplicateSuggestion | None = None

    @property
    def percent(self) -> int:
        """The score as people read it."""
        return round(self.suggestion.score * 100) if self.suggestion else 0

    @property
    def reasons(self) -> list[str]:
        """What speaks for it, in words."""
        return reasons_of(self.suggestion) if self.suggestion else []


def records_of(head: Customer) -> list[Record]:
    """Every record of the customer with its identifiers, those that were taken back last."""
    records = list(Customer.objects.filter(pk__in=head.member_ids).select_related("last_branch").order_by("pk"))
    found = list(Identifier.objects.filter(customer__in=[record.pk for record in records]).order_by("kind", "value"))
    holders: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for each in found:
        if each.revoked_at is None:
            holders[each.kind, each.system, each.value].append(each.customer_id)
    by_record: dict[int, list[Evidence]] = defaultdict(list)
    for each in sorted(found, key=lambda each: each.revoked_at is not None):
        same = holders[each.kind, each.system, each.value] if each.revoked_at is None else []
        by_record[each.customer_id].append(Evidence(each, [pk for pk in same if pk != each.customer_id]))
    return [Record(record, record.pk == head.pk, by_record[record.pk]) for record in records]


def log_of(head: Customer) -> QuerySet[IdentityChange]:
    """What was decided about any record of the customer."""
    records = head.member_ids
    changes = IdentityChange.objects.filter(Q(customer__in=records) | Q(other__in=records))
    return changes.select_related("customer", "other")


def queue(organization: Organization | int) -> QuerySet[DuplicateSuggestion]:
    """The pairs that wait for a person."""
    waiting = DuplicateSuggestion.objects.owned_by(organization).filter(state=SuggestionState.OPEN)
    return waiting.select_related(
        "customer__merged_into__last_branch", "other__merged_into__last_branch", "customer__last_branch",
        "other__last_branch",
    )  # fmt: skip


def open_for(head: Customer) -> QuerySet[DuplicateSuggestion]:
    """The pairs that wait for a person, of which this customer is one."""
    records = head.member_ids
    return queue(head.organization_id).filter(Q(customer__in=records) | Q(other__in=records))


def waiting_count(organization: Organization | int) -> int:
    """How many pairs wait."""
    waiting = DuplicateSuggestion.objects.owned_by(organization).filter(state=SuggestionState.OPEN)
    return int(waiting.aggregate(number=Count("pk"))["number"])


def pair_of(suggestion: DuplicateSuggestion) -> Pair:
    """The two customers of a suspicion, as they are today."""
    one = suggestion.customer.merged_into or suggestion.customer
    other = suggestion.other.merged_into or suggestion.other
    return side_by_side(one, other, suggestion)


def side_by_side(one: Customer, other: Customer, suggestion: DuplicateSuggestion | None = None) -> Pair:
    """Two customers, fact by fact; what neither has is left out."""
    lines = [
        Line(str(Customer._meta.get_field(name).verbose_name), getattr(one, name), getattr(other, name))  # type: ignore[union-attr]
        for name in ("name", "email", "mobile", "language", "last_branch", "last_visited_at", "created_at")
    ]
    return Pair(one, other, [line for line in lines if line.one or line.other], suggestion)


def reasons_of(suggestion: DuplicateSuggestion) -> list[str]:
    """Why the pair stands in the queue, in words."""
    if suggestion.evidence.get("why") == "user_ids":
        shared = suggestion.evidence["identifier"]["value"]
        return [_("Both carry %(value)s, but each has a user id of its own") % {"value": shared}]
    if suggestion.evidence.get("why"):
        shared = suggestion.evidence["identifier"]["value"]
        return [_("Both carry %(value)s, but together they would have too many identifiers") % {"value": shared}]
    words = {
        "name": _("alike names"),
        "email": _("alike e-mail addresses"),
        "mobile": _("alike numbers"),
        "birthday": _("the same birthday"),
        "postal": _("the same postal code"),
        "company": _("the same company"),
    }
    against = {
        "name": _("different names"),
        "birthday": _("different birthdays"),
        "postal": _("different postal codes"),
    }
    reasons = suggestion.evidence.get("reasons", {})
    return [(words if points > 0 else against).get(name, name) for name, points in reasons.items()]
