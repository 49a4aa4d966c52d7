"""Whom a rule fits: pages, a count that stops in time, and the stream of an export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString

from apps.core.keyset import Page
from apps.customers import queries
from apps.customers.models import Customer
from apps.customers.models.customer import CustomerQuerySet
from apps.customers.rules import Rule

MOST_COUNTED = 10_000


@dataclass(frozen=True)
class CappedCount:
    """How many there are, counted no further than `MOST_COUNTED`."""

    number: int

    @property
    def is_capped(self) -> bool:
        """Whether there are more."""
        return self.number > MOST_COUNTED

    def __str__(self) -> str:
        return f"{MOST_COUNTED:,}+" if self.is_capped else f"{self.number:,}"


def fitting(rule: Rule, *, now: datetime) -> CustomerQuerySet:
    """The customers whom the rule fits, each once: heads only."""
    return Customer.objects.owned_by(rule.organization).heads().filter(rule.condition(now=now))


def capped_count(found: CustomerQuerySet) -> CappedCount:
    """How many, without counting a million."""
    return CappedCount(found.order_by().values("pk")[: MOST_COUNTED + 1].count())


def rule_rows(rule: Rule, *, now: datetime, cursor: str = "", size: int = 50) -> tuple[SafeString, Page[Any]]:
    """One page of those whom the rule fits, newest first. Raises Refused (`bad_cursor`)."""
    return queries.page_of_rows(fitting(rule, now=now), cursor, size)
