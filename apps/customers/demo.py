"""Customers, branches and visits to look at: made up, the same for the same `rng`."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import partial

from apps.accounts.models import Membership, Organization
from apps.customers import actions
from apps.customers.actions import BranchDetails, CustomerDetails, StaffDetails, VisitDraft
from apps.customers.identity import EMAIL, USER_ID, Seen
from apps.customers.models import Branch, Channel, ConsentMethod, Customer, Purpose, StaffMember, Visit

DAYS = 90
BRANCHES = {
    "Harbour Street": ["Mara Lindqvist", "Tom Becker"],
    "Old Town": ["Aylin Demir", "Jonas Weber"],
    "Station Square": ["Chidi Okafor", "Elena Rossi"],
}
PURPOSES = ["Eye test", "New glasses", "Contact lenses", "Collected an order", "Repair", "Sunglasses", "Advice"]
FIRST_NAMES = [
    "Ada", "Amara", "Anton", "Beatriz", "Carla", "Daniel", "Elif", "Emma", "Farid", "Greta", "Hannah", "Ines", "Jakub",
    "Kenji", "Lena", "Luca", "Mehmet", "Mila", "Nadia", "Oskar", "Priya", "Rosa", "Samuel", "Siobhán", "Yusuf",
]  # fmt: skip
LAST_NAMES = [
    "Andersson", "Baumann", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Hoffmann", "Ivanova", "Jensen", "Kaya",
    "Lehmann", "Moreau", "Novák", "O’Brien", "Petrov", "Quinn", "Richter", "Sato", "Schäfer", "Vogel", "Yılmaz",
]  # fmt: skip


def fill(organization: Organization, rng: random.Random, *, now: datetime, customers: int = 60) -> None:
    """Branches with staff, customers with visits over 90 days; most agreed to surveys, a few no longer do.

    Recorded by the organisation's first member, who must be an administrator or a manager.
    """
    by = Membership.objects.owned_by(organization).active().select_related("user").order_by("id")[0]
    places = [_branch(organization, name, people, by) for name, people in BRANCHES.items()]
    guests = [_guest(number, rng) for number in range(customers)]
    visits = [(guest, now - timedelta(minutes=rng.randrange(30, DAYS * 24 * 60))) for guest in guests]
    visits += [(rng.choice(guests), now - timedelta(minutes=rng.randrange(30, DAYS * 24 * 60))) for _ in guests]
    for (name, email, mobile, agrees), moment in sorted(visits, key=lambda visit: visit[1]):
        branch, people = rng.choice(places)
        visit = actions.capture_visit(
            VisitDraft(
                name,
                email,
                mobile,
                has_email_consent=agrees and bool(email),
                purpose=rng.choice(PURPOSES),
                branch_id=branch.pk,
                staff_id=rng.choice(people).pk,
            ),
            organization=organization,
            by=by,
            now=moment,
        )
        if agrees and email and rng.random() < 0.04:
            _withdraw(visit, by, moment + timedelta(days=1))


def add_duplicates(organization: Organization, *, now: datetime) -> None:
    """One customer in two records, one pair that looks alike, and one that a rule holds back."""
    by = Membership.objects.owned_by(organization).active().select_related("user").order_by("id")[0]
    known = Customer.objects.owned_by(organization).heads().exclude(email="").exclude(mobile="").order_by("id")
    if len(known) < 3:
        return
    joined, alike, held = known[:3]
    work = CustomerDetails(joined.name, f"{joined.first_name.lower()}@office.example.com")
    other = actions.create_customer(work, organization=organization, by=by, now=now)
    actions.merge(joined, other, by=by, now=now, reason="Uses the office address for orders")
    twin = CustomerDetails(alike.name.upper(), alike.email.replace("@", "@mail."), alike.mobile)
    actions.create_customer(twin, organization=organization, by=by, now=now)
    namesake = actions.create_customer(CustomerDetails(held.name), organization=organization, by=by, now=now)
    observe = partial(actions.observe, source="shop", by=by, now=now)
    observe(held, [Seen(USER_ID, f"shop-{held.pk}")])
    observe(namesake, [Seen(USER_ID, f"shop-{namesake.pk}"), Seen(EMAIL, held.email)])
    while actions.suspect_next(organization.pk, now=now):
        pass


def _branch(
    organization: Organization, name: str, people: list[str], by: Membership
) -> tuple[Branch, list[StaffMember]]:
    branch = actions.create_branch(BranchDetails(name), organization=organization, by=by)
    return branch, [
        actions.create_staff_member(StaffDetails(person, branch), organization=organization, by=by) for person in people
    ]


def _guest(number: int, rng: random.Random) -> tuple[str, str, str, bool]:
    """Name, e-mail, mobile, whether they agree to surveys. Addresses are of the domain that nobody can own."""
    name = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
    email = f"guest{number + 1}@example.com" if rng.random() < 0.9 else ""
    mobile = f"+49151234{number:05d}" if rng.random() < 0.6 or not email else ""
    return name, email, mobile, rng.random() < 0.8


def _withdraw(visit: Visit, by: Membership, moment: datetime) -> None:
    actions.withdraw_consent(
        visit.customer,
        purpose=Purpose.SURVEY,
        channel=Channel.EMAIL,
        method=ConsentMethod.COUNTER,
        reason="Asked us on the phone",
        by=by,
        now=moment,
    )
