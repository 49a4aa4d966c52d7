"""What the database itself promises about customers."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import Organization
from apps.customers.models import Branch, ConsentEntry, Customer, IdentityChange, Notice, SearchTerm, TimelineEntry
from apps.customers.models.consent import text_hash


@pytest.fixture
def customer(organization: Organization) -> Customer:
    return Customer.objects.create(organization=organization, name="Ada", email="ada@example.com")


def test_same_address_in_two_organizations_stays_two_customers(
    customer: Customer, other_organization: Organization
) -> None:
    stranger = Customer.objects.create(organization=other_organization, name="Ada", email=customer.email)
    found = Customer.objects.owned_by(customer.organization).filter(email=customer.email)
    assert list(found) == [customer] and stranger.email == customer.email


def test_branch_names_are_unique_in_any_case(organization: Organization) -> None:
    Branch.objects.create(organization=organization, name="Köln", name_key="köln")
    with pytest.raises(IntegrityError), transaction.atomic():
        Branch.objects.create(organization=organization, name="KÖLN", name_key="köln")


def test_database_refuses_to_change_the_consent_ledger(customer: Customer) -> None:
    entry = ConsentEntry.objects.create(
        organization=customer.organization,
        customer=customer,
        purpose="survey",
        channel="email",
        action="given",
        method="counter",
        recorded_at=timezone.now(),
        by_label="Ada",
    )
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ConsentEntry.objects.filter(pk=entry.pk).update(action="withdrawn")
    customer.delete()
    assert not ConsentEntry.objects.exists(), "the right to be forgotten is stronger than the ledger"


def test_database_refuses_to_change_a_notice(organization: Organization) -> None:
    notice = Notice.objects.create(
        organization=organization,
        purpose="survey",
        language="en",
        version=1,
        text="I agree",
        sha256=text_hash("I agree"),
        created_at=timezone.now(),
    )
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(text="I agree to everything")


def test_database_refuses_to_change_the_timeline(customer: Customer) -> None:
    entry = TimelineEntry.objects.create(
        organization=customer.organization,
        customer=customer,
        at=timezone.now(),
        domain="customers",
        kind="visit",
        title="Visit",
        source_event="test:1",
    )
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        TimelineEntry.objects.filter(pk=entry.pk).update(title="Complaint")
    customer.delete()
    assert not TimelineEntry.objects.exists()


def test_database_refuses_to_change_the_identity_log(customer: Customer) -> None:
    line = IdentityChange.objects.create(
        organization=customer.organization, at=timezone.now(), action="merged", customer=customer, rule="email"
    )
    with pytest.raises(TypeError):
        line.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        IdentityChange.objects.filter(pk=line.pk).update(rule="phone")


def test_beginning_is_found_in_byte_order_with_every_character(customer: Customer) -> None:
    for term in ("ann", "anna", "ann\U0001f600", "ano", "an", "änn"):
        SearchTerm.objects.create(organization=customer.organization, customer=customer, term=term)
    found = SearchTerm.objects.owned_by(customer.organization).beginning_with("ann").order_by("term")
    assert [row.term for row in found] == ["ann", "anna", "ann\U0001f600"]
