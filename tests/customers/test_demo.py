"""The demo's customers: made up, and the same for the same seed."""

from __future__ import annotations

import random
from datetime import datetime

from apps.accounts.models import Membership, Organization
from apps.customers import demo
from apps.customers.models import ConsentEntry, Customer, DuplicateSuggestion, Visit


def test_same_seed_same_customers(
    organization: Organization,
    other_organization: Organization,
    manager: Membership,
    stranger: Membership,
    now: datetime,
) -> None:
    for place in (organization, other_organization):
        demo.fill(place, random.Random(1), now=now, customers=15)
    first, second = (
        list(Customer.objects.owned_by(place).order_by("id").values_list("name", "email", "mobile", "last_visited_at"))
        for place in (organization, other_organization)
    )
    assert first == second
    assert len(first) == 15
    assert Visit.objects.owned_by(organization).count() == 30
    assert all(email.endswith("@example.com") for _, email, _, _ in first if email)
    assert ConsentEntry.objects.owned_by(organization).filter(action="given").exists()


def test_duplicates_of_every_kind(organization: Organization, manager: Membership, now: datetime) -> None:
    demo.fill(organization, random.Random(1), now=now, customers=15)
    demo.add_duplicates(organization, now=now)
    assert Customer.objects.exclude(merged_into=None).count() == 1
    waiting = DuplicateSuggestion.objects.filter(state="open").values_list("reason", flat=True)
    assert set(waiting) == {"held", "similar"}
