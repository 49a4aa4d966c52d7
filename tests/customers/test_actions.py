"""Capturing a visit: the customer is found or made, and everything happens once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from apps.accounts.models import ApiKey, Membership, Organization
from apps.core.models import AuditEntry, OutboxEvent
from apps.core.refused import Refused
from apps.customers import actions, search
from apps.customers.actions import BranchDetails, CustomerDetails, StaffDetails, VisitDraft
from apps.customers.models import Branch, Customer, TimelineEntry, Visit, VisitSource
from tests.customers.conftest import NASTY, Capture


def names_of_events() -> list[str]:
    return list(OutboxEvent.objects.order_by("id").values_list("name", flat=True))


def refusal(call: Capture, *args: object, **kwargs: object) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value


def test_first_visit_makes_the_customer(capture: Capture, branch: Branch, now: datetime, member: Membership) -> None:
    visit = capture(
        "  Ada   Lovelace ",
        email=" ADA@Example.com ",
        mobile="0151 2345-6789",
        purpose="Eye test",
        branch_id=branch.pk,
        has_email_consent=True,
    )
    customer = visit.customer
    assert (customer.name, customer.email, customer.mobile) == ("Ada Lovelace", "ada@example.com", "+4915123456789")
    assert (visit.branch, visit.created_by, visit.visited_at) == (branch, member, now)
    customer.refresh_from_db()
    assert (customer.last_visited_at, customer.last_branch) == (now, branch)
    events = {event.name: event.payload for event in OutboxEvent.objects.all()}
    assert events["customers.VisitRecorded"] == {
        "visit_id": visit.pk,
        "customer_id": customer.pk,
        "has_email_consent": True,
    }
    assert {"customers.CustomerCreated", "customers.ConsentChanged"} <= events.keys()
    assert AuditEntry.objects.filter(action="visit.recorded", object_id=str(visit.pk)).exists()
    assert set(TimelineEntry.objects.values_list("kind", flat=True)) == {"created", "consent", "visit"}


def test_returning_customer_is_found_by_email_and_only_blanks_are_filled(capture: Capture) -> None:
    first = capture()
    second = capture("A. Lovelace", email="Ada@EXAMPLE.com", mobile="+49 151 23456789")
    assert second.customer == first.customer
    assert second.customer.name == "Ada Lovelace"
    assert second.customer.mobile == "+4915123456789"
    assert Visit.objects.count() == 2


def test_returning_customer_is_found_by_mobile_in_any_notation(capture: Capture) -> None:
    first = capture(email="", mobile="+49 (0)151 23456789")
    assert capture(email="ada@example.com", mobile="0151/23456789").customer == first.customer
    first.customer.refresh_from_db()
    assert first.customer.email == "ada@example.com"


def test_family_sharing_a_number_stays_two_customers(capture: Capture) -> None:
    ada = capture(mobile="0151 23456789").customer
    ben = capture("Ben", email="ben@example.com", mobile="0151 23456789").customer
    assert ada != ben


def test_chosen_customer_is_corrected(capture: Capture, customer: Customer) -> None:
    visit = capture("Ada King", email="ada@example.com", customer_id=customer.pk)
    assert (visit.customer_id, visit.customer.name) == (customer.pk, "Ada King")
    assert "customers.CustomerUpdated" in names_of_events()
    visit = capture("Ada King", email="countess@example.com", customer_id=customer.pk)
    assert (visit.customer_id, visit.customer.email) == (customer.pk, "countess@example.com")


def test_somebody_else_typed_over_the_chosen_customer_is_refused(capture: Capture, customer: Customer) -> None:
    refused = refusal(capture, "Ben", email="ben@example.com", customer_id=customer.pk)
    assert (refused.code, refused.field) == ("other_person", "name")


def test_address_of_another_customer_is_refused(capture: Capture, customer: Customer) -> None:
    capture("Ben", email="ben@example.com")
    refused = refusal(capture, "Ada Lovelace", email="ben@example.com", customer_id=customer.pk)
    assert (refused.code, refused.field) == ("email_taken", "email")
    assert Visit.objects.count() == 2, "a refused visit leaves nothing behind"


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"name": "  \n "}, "name_missing", "name"),
        ({"name": "x" * 201}, "name_too_long", "name"),
        ({"email": "ada@"}, "bad_email", "email"),
        ({"email": "a" * 250 + "@example.com"}, "bad_email", "email"),
        ({"email": "<b>@example.com"}, "bad_email", "email"),
        ({"mobile": "12"}, "bad_mobile", "mobile"),
        ({"mobile": "+999999999999999999999"}, "bad_mobile", "mobile"),
        ({"mobile": "call me"}, "bad_mobile", "mobile"),
        ({"email": "", "mobile": ""}, "no_address", "email"),
        ({"purpose": "x" * 201}, "purpose_too_long", "purpose"),
        ({"branch_name": "Nowhere"}, "no_such_branch", "branch"),
        ({"branch_id": 10**9}, "no_such_branch", "branch"),
        ({"staff_name": "Nobody"}, "no_such_staff_member", "staff_member"),
        ({"staff_id": 10**9}, "no_such_staff_member", "staff_member"),
        ({"customer_id": 10**9}, "no_such_customer", "name"),
        ({"email": "", "mobile": "0151 23456789", "has_email_consent": True}, "no_address", "email"),
    ],
)
def test_what_cannot_be_right_is_refused_beside_its_field(
    capture: Capture, fields: dict[str, object], code: str, field: str
) -> None:
    refused = refusal(capture, **fields)
    assert (refused.code, refused.field) == (code, field)
    assert not Visit.objects.exists()
    assert not Customer.objects.exists()


@pytest.mark.parametrize("text", NASTY)
def test_nasty_text_is_kept_as_text_on_one_line(capture: Capture, text: str) -> None:
    visit = capture(text, purpose=text)
    for stored in (visit.customer.name, visit.purpose):
        assert "\n" not in stored
        assert "\u202e" not in stored
        assert stored


def test_same_form_twice_is_one_visit(capture: Capture) -> None:
    first = capture(form_key="k1", has_email_consent=True)
    events = names_of_events()
    assert capture(form_key="k1", has_email_consent=True) == first
    assert capture(form_key="k2") != first
    assert names_of_events()[: len(events)] == events
    assert Visit.objects.count() == 2


def test_form_key_of_another_organization_is_no_double(capture: Capture, stranger: Membership, now: datetime) -> None:
    first = capture(form_key="k1")
    draft = VisitDraft("Ada", email="ada@example.com", form_key="k1")
    theirs = actions.capture_visit(draft, organization=stranger.organization, by=stranger, now=now)
    assert theirs.pk != first.pk
    assert theirs.customer_id != first.customer_id


def test_ids_of_another_organization_do_not_exist(capture: Capture, stranger: Membership, now: datetime) -> None:
    branch = actions.create_branch(BranchDetails("Theirs"), organization=stranger.organization, by=stranger)
    person = actions.create_staff_member(StaffDetails("Bo"), organization=stranger.organization, by=stranger)
    details = CustomerDetails("Eve", "eve@example.com")
    customer = actions.create_customer(details, organization=stranger.organization, by=stranger, now=now)
    assert refusal(capture, branch_id=branch.pk).code == "no_such_branch"
    assert refusal(capture, staff_id=person.pk).code == "no_such_staff_member"
    assert refusal(capture, customer_id=customer.pk).code == "no_such_customer"


def test_machines_open_branches_and_people_need_the_permission(
    capture: Capture, manager: Membership, organization: Organization
) -> None:
    key = ApiKey.objects.create(organization=organization, name="Shop", secret_sha256="0" * 64, scopes=[])
    visit = capture(branch_name="Hafen  Straße", staff_name="Jo", source=VisitSource.API, by=key)
    assert visit.branch is not None
    assert visit.created_by is None
    again = capture(branch_name="HAFEN STRASSE", staff_name="jo", source=VisitSource.API, by=key)
    assert (again.branch, again.staff_member) == (visit.branch, visit.staff_member)
    assert capture(branch_name="Airport", by=manager).branch.name == "Airport"  # type: ignore[union-attr]


def test_staff_of_the_branch_comes_before_staff_without_one(
    capture: Capture, organization: Organization, branch: Branch, manager: Membership
) -> None:
    anywhere = actions.create_staff_member(StaffDetails("Anna"), organization=organization, by=manager)
    here = actions.create_staff_member(StaffDetails("Anna", branch), organization=organization, by=manager)
    assert capture(staff_name="anna", branch_id=branch.pk).staff_member == here
    assert capture(staff_name="anna").staff_member == anywhere


def test_closed_branch_and_people_who_left_take_no_visits(
    capture: Capture, organization: Organization, branch: Branch, manager: Membership
) -> None:
    person = actions.create_staff_member(StaffDetails("Anna"), organization=organization, by=manager)
    actions.deactivate_staff_member(person, by=manager)
    assert refusal(capture, staff_id=person.pk).code == "staff_member_left"
    actions.deactivate_branch(branch, by=manager)
    assert refusal(capture, branch_id=branch.pk).code == "branch_closed"
    actions.reopen_branch(branch, by=manager)
    assert capture(branch_id=branch.pk).branch == branch


def test_branch_names_are_taken_in_any_case(organization: Organization, branch: Branch, manager: Membership) -> None:
    with pytest.raises(Refused) as caught:
        actions.create_branch(BranchDetails("ÓLD TOWN".replace("Ó", "O")), organization=organization, by=manager)
    assert (caught.value.code, caught.value.field) == ("name_taken", "name")
    renamed = actions.update_branch(branch, BranchDetails("old town", "Europe/Paris", "fr"), by=manager)
    assert (renamed.name, renamed.zone.key, renamed.country) == ("old town", "Europe/Paris", "FR")


def test_number_is_read_as_one_of_the_branch_s_country(capture: Capture, branch: Branch, manager: Membership) -> None:
    actions.update_branch(branch, BranchDetails(branch.name, country="IN"), by=manager)
    assert capture(mobile="98765 43210", branch_id=branch.pk).customer.mobile == "+919876543210"


def test_earlier_visit_told_later_does_not_become_the_last(capture: Capture, branch: Branch, now: datetime) -> None:
    capture(branch_id=branch.pk)
    capture(visited_at=now - timedelta(days=3))
    customer = Customer.objects.get()
    assert (customer.last_visited_at, customer.last_branch) == (now, branch)


def test_update_finds_the_customer_by_the_new_words(customer: Customer, member: Membership, now: datetime) -> None:
    version = customer.version
    actions.update_customer(customer, CustomerDetails("Augusta Byron", "augusta@example.com"), by=member, now=now)
    customer.refresh_from_db()
    assert customer.version > version
    assert [hit.id for hit in search.find(customer.organization, "byr")] == [customer.pk]
    assert search.find(customer.organization, "lovelace") == []
    entry = AuditEntry.objects.get(action="customer.updated")
    assert entry.before["name"] == "Ada Lovelace"
    assert entry.after["name"] == "Augusta Byron"


def test_update_without_a_change_says_nothing(customer: Customer, member: Membership, now: datetime) -> None:
    before = names_of_events()
    customer.refresh_from_db()
    details = CustomerDetails(customer.name, customer.email.upper(), customer.mobile)
    assert actions.update_customer(customer, details, by=member, now=now).version == customer.version
    assert names_of_events() == before


def test_timeline_hears_each_event_once(customer: Customer, now: datetime) -> None:
    for _ in range(2):
        actions.add_to_timeline(
            organization_id=customer.organization_id,
            customer_id=customer.pk,
            at=now,
            domain="feedback",
            kind="answer",
            title="Answered with 5 stars",
            source_event="feedback.ResponseGiven:1",
        )
    assert TimelineEntry.objects.of_domain("feedback").count() == 1
