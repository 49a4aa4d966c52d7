"""Suspected duplicates: found by what they share, scored with reasons, asked for once."""

from __future__ import annotations

from datetime import datetime

import pytest

from apps.accounts.models import Membership, Organization
from apps.customers import actions, tasks
from apps.customers.actions import CustomerDetails
from apps.customers.actions import identity as identity_actions
from apps.customers.models import Customer, DuplicateSuggestion
from apps.customers.similarity import ENOUGH, Face, face_of, likeness, mailbox


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Face(1, "anna muller", "anna@a.example", "+49151"), Face(2, "muller anna", "x@b.example", "+49151")),
        (Face(1, "anna muller", "anna.muller@a.example"), Face(2, "anna mueller", "annamuller@b.example")),
        (Face(1, "anna muller", "anna.muller@gmail.com"), Face(2, "ana muller", "anna.muller@gmial.com")),
        (Face(1, "anna muller", birthday="1980-02-03"), Face(2, "anna mueller", birthday="1980-02-03")),
        (Face(1, "anna muller", mobile="+4915123"), Face(2, "anna muller", mobile="+4915132")),
    ],
)
def test_a_person_would_say_the_same(one: Face, other: Face) -> None:
    alike = likeness(one, other)
    assert alike.score >= ENOUGH
    assert alike == likeness(other, one)
    assert alike.score == pytest.approx(min(1, sum(alike.reasons.values())), abs=0.01)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Face(1, "anna muller"), Face(2, "anna muller")),
        (Face(1, "anna muller", mobile="+49151"), Face(2, "ben muller", mobile="+49151")),
        (Face(1, "anna muller", "info@a.example"), Face(2, "anna muller", "info@b.example")),
        (
            Face(1, "anna muller", mobile="+4915123", birthday="1980-02-03"),
            Face(2, "anna muller", mobile="+4915123", birthday="2004-05-06"),
        ),
        (Face(1, "", "", "+49151"), Face(2, "", "", "+49151")),
        (Face(1), Face(2)),
    ],
)
def test_a_person_would_not(one: Face, other: Face) -> None:
    assert likeness(one, other).score < ENOUGH


def test_mailboxes() -> None:
    assert mailbox("Anna.Muller+news@x.example".lower()) == mailbox("anna_muller@y.example") == "annamuller"
    assert mailbox("info@x.example") == mailbox("ab@x.example") == ""


def test_birthday_and_postal_code_come_from_own_fields() -> None:
    face = face_of(1, "Ánna  MÜLLER", "", "", None, {"date_of_birth": "1980-02-03", "plz": "20 095"})
    assert (face.name, face.birthday, face.postal) == ("anna muller", "1980-02-03", "20095")


def make(organization: Organization, by: Membership, now: datetime, *details: str) -> Customer:
    return actions.create_customer(CustomerDetails(*details), organization=organization, by=by, now=now)


def test_sweep_asks_once_and_goes_on_where_it_stopped(
    organization: Organization, manager: Membership, now: datetime
) -> None:
    anna = make(organization, manager, now, "Anna Müller", "anna.mueller@example.com", "+4915123456789")
    make(organization, manager, now, "Ben Müller", "ben@example.com", "+4915123456789")
    twin = make(organization, manager, now, "Müller, Anna", "anna@work.example", "+4915123456789")
    while identity_actions.suspect_next(organization.pk, now=now, size=2):
        pass
    asked = DuplicateSuggestion.objects.get()
    assert (asked.customer, asked.other, asked.state, asked.reason) == (anna, twin, "open", "similar")
    assert set(asked.evidence["reasons"]) == {"name", "mobile"}
    assert Customer.objects.heads().count() == 3, "a suspicion merges nobody"
    actions.reject_duplicate(asked, by=manager, now=now)
    assert identity_actions.suspect(organization.pk, [anna.pk, twin.pk], now=now) == 0
    assert not identity_actions.suspect_next(organization.pk, now=now)
    late = make(organization, manager, now, "Anna Mueller", "anna.mueller@example.org")
    tasks.suspect_duplicates()
    assert DuplicateSuggestion.objects.filter(state="open").get().other == late


def test_stranger_with_the_same_name_and_number_is_no_question(
    organization: Organization, other_organization: Organization, manager: Membership, now: datetime
) -> None:
    make(organization, manager, now, "Anna Müller", "anna@example.com", "+4915123456789")
    make(other_organization, manager, now, "Anna Müller", "anna2@example.com", "+4915123456789")
    tasks.suspect_duplicates()
    assert not DuplicateSuggestion.objects.exists()


def test_merged_pair_leaves_the_queue(organization: Organization, manager: Membership, now: datetime) -> None:
    one = make(organization, manager, now, "Anna Müller", "anna@example.com", "+4915123456789")
    other = make(organization, manager, now, "Anna Müller", "anna@example.org", "+4915123456789")
    tasks.suspect_duplicates_of(organization.pk, one.pk)
    assert DuplicateSuggestion.objects.get().state == "open"
    actions.merge(one, other, by=manager, now=now)
    assert DuplicateSuggestion.objects.get().state == "merged"
