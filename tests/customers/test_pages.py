"""The pages: each once whole, once as fragment, once as stranger, once without permission."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.accounts.permissions import Role
from apps.customers import actions, demo, panels, queries
from apps.customers.actions import BranchDetails, StaffDetails
from apps.customers.models import Branch, ConsentEntry, Customer, Notice, StaffMember, Visit
from tests.customers.conftest import Capture, page, typed

SignIn = Callable[[Membership], Client]


@pytest.mark.parametrize(
    "query", ["", "?q=ada", "?q=%00%25_&branch=x&consent=maybe&since=soon", "?q=" + "x" * 300, "?until=2026-13-99"]
)
def test_list(counter: Client, customer: Customer, query: str) -> None:
    html = page(counter, f"/customers/{query}")
    assert html.startswith("<!doctype html>")
    rows = page(counter, f"/customers/{query}", **{"HX-Request": "true", "HX-Target": "rows"})
    assert rows.lstrip().startswith('<div id="rows"')
    assert counter.get("/customers/?cursor=nonsense&q=ada")["Location"] == "/customers/?q=ada"


def test_list_filters_and_empty_states(counter: Client, customer: Customer, branch: Branch) -> None:
    assert "Ada Lovelace" in page(counter, "/customers/?q=adA+love&consent=yes")
    assert "Nobody fits" in page(counter, f"/customers/?branch={branch.pk}")
    assert "Nobody fits" in page(counter, "/customers/?consent=no")
    Customer.objects.all().delete()
    assert "No customers yet" in page(counter, "/customers/")


def test_row_is_printed_anew_when_it_or_its_branch_changed(
    counter: Client, office: Client, capture: Capture, branch: Branch, manager: Membership, member: Membership
) -> None:
    customer = capture(branch_id=branch.pk).customer
    assert "Old Town" in page(counter, "/customers/")
    actions.update_branch(branch, BranchDetails("New Town"), by=manager)
    html = page(counter, "/customers/")
    assert "New Town" in html
    assert "Not asked" in html
    said: dict[str, Any] = {"purpose": "survey", "channel": "email", "method": "counter", "now": timezone.now()}
    actions.record_consent(customer, by=member, **said)
    assert "Given" in page(counter, "/customers/")
    member.user.language = "de"
    member.user.save()
    assert "Given" in page(office, "/customers/"), "a row of another language is another row"


def test_rows_of_a_known_page_cost_one_query(
    organization: Organization, manager: Membership, django_assert_num_queries: Any
) -> None:
    demo.fill(organization, random.Random(7), now=timezone.now(), customers=12)
    first, _ = queries.customer_rows(organization, queries.CustomerFilters())
    with django_assert_num_queries(1):
        again, _ = queries.customer_rows(organization, queries.CustomerFilters())
    assert again == first
    assert first.count("<tr>") == Customer.objects.count()


def test_detail_shows_record_consent_and_timeline(counter: Client, customer: Customer) -> None:
    html = page(counter, f"/customers/{customer.pk}/")
    for words in ("ada@example.com", "+4915123456789", "Given", "Eye test", "Became a customer"):
        assert words in html
    part = page(
        counter, f"/customers/{customer.pk}/?domain=feedback", **{"HX-Request": "true", "HX-Target": "timeline"}
    )
    assert part.lstrip().startswith('<section id="timeline"')
    assert "Eye test" not in part
    page(counter, f"/customers/{customer.pk}/?domain=gossip")


def test_timeline_has_older_pages(counter: Client, capture: Capture, customer: Customer) -> None:
    for number in range(30):
        capture(purpose=f"Visit no. {number}")
    response = counter.get(f"/customers/{customer.pk}/")
    older = response.context["older_url"]
    assert "Became a customer" not in response.content.decode()
    assert "Became a customer" in page(counter, f"/customers/{customer.pk}/{older}")


@pytest.fixture
def panel() -> Iterator[None]:
    def build(customer: Customer, member: Membership) -> panels.Panel | None:
        if member.role == Role.VIEWER:
            return None
        return panels.Panel("customers/_consent_badge.html", {})

    panels.register(build, order=1)
    yield
    panels._builders.pop(build)


def test_other_apps_panels(panel: None, client_of: SignIn, member: Membership, viewer: Membership) -> None:
    details = actions.CustomerDetails("Ada", "ada@example.com")
    customer = actions.create_customer(details, organization=member.organization, by=member, now=timezone.now())
    address = f"/customers/{customer.pk}/?panels=all"
    plain = page(client_of(viewer), address).count("Not asked")
    assert page(client_of(member), address).count("Not asked") == plain + 1


def test_edit(counter: Client, customer: Customer) -> None:
    address = f"/customers/{customer.pk}/edit/"
    assert 'value="ada@example.com"' in page(counter, address)
    body = {"name": "Ada King", "email": "ada@example.com", "mobile": "+4915123456789", "language": "de"}
    for change in ({"email": "x"}, {"time_zone": "Mars/Base"}, {"name": ""}, {"preferred_channel": "pigeon"}):
        assert counter.post(address, body | change).status_code == 422
    assert counter.post(address, body).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.language) == ("Ada King", "de")


def test_consent_changes_with_a_reason(counter: Client, customer: Customer) -> None:
    address = f"/customers/{customer.pk}/consent/"
    page(counter, f"{address}?purpose=survey&channel=email")
    body = {"purpose": "survey", "channel": "email", "action": "withdrawn", "reason": "Called on Monday"}
    assert counter.post(address, body | {"reason": ""}).status_code == 422
    assert counter.post(address, body | {"action": "perhaps"}).status_code == 422
    assert counter.post(address, body).status_code == 302
    entry = ConsentEntry.objects.current(customer, "survey", "email")
    assert entry is not None
    assert (entry.action, entry.reason, entry.by_label) == ("withdrawn", "Called on Monday", "Agent")
    counter.post(address, body | {"action": "given", "purpose": "marketing"})
    assert ConsentEntry.objects.is_given(customer, "marketing", "email")


def test_branches_and_staff(office: Client, organization: Organization) -> None:
    assert "No branches yet" in page(office, "/settings/branches/")
    page(office, "/settings/branches/new/")
    assert office.post("/settings/branches/new/", {"name": "Pier"}).status_code == 302
    assert office.post("/settings/branches/new/", {"name": "PIER"}).status_code == 422
    assert office.post("/settings/branches/new/", {"name": "X", "country": "Germany"}).status_code == 422
    branch = Branch.objects.get()
    page(office, f"/settings/staff/new/?branch={branch.pk}")
    assert office.post("/settings/staff/new/", {"name": "Jo", "branch": branch.pk}).status_code == 302
    person = StaffMember.objects.get()
    page(office, f"/settings/staff/{person.pk}/")
    office.post(f"/settings/staff/{person.pk}/", {"name": "Joan", "branch": ""})
    office.post(f"/settings/staff/{person.pk}/switch/")
    person.refresh_from_db()
    assert (person.name, person.branch, person.is_active) == ("Joan", None, False)
    page(office, f"/settings/branches/{branch.pk}/")
    office.post(f"/settings/branches/{branch.pk}/", {"name": "Pier 1"})
    office.post(f"/settings/branches/{branch.pk}/switch/")
    html = page(office, "/settings/branches/")
    for words in ("Pier 1", "Closed", "Joan", "Left"):
        assert words in html
    assert office.get(f"/settings/branches/{branch.pk}/switch/").status_code == 405


def test_notice_is_a_new_version(office: Client) -> None:
    page(office, "/settings/consent/")
    office.post("/settings/consent/", {"text": "I agree to one question by e-mail."})
    assert "I agree to one question by e-mail." in page(office, "/visits/new/")
    assert [notice.version for notice in Notice.objects.order_by("id")] == [1, 2]
    assert office.post("/settings/consent/", {"text": " "}).status_code == 422


def addresses(customer: Customer, branch: Branch, person: StaffMember, visit: Visit) -> list[str]:
    return [
        f"/visits/{visit.pk}/",
        f"/customers/{customer.pk}/",
        f"/customers/{customer.pk}/edit/",
        f"/customers/{customer.pk}/consent/",
        f"/settings/branches/{branch.pk}/",
        f"/settings/staff/{person.pk}/",
    ]


def test_strangers_find_nothing(
    capture: Capture, branch: Branch, manager: Membership, stranger: Membership, client_of: SignIn
) -> None:
    visit = capture(branch_id=branch.pk)
    person = actions.create_staff_member(StaffDetails("Jo"), organization=branch.organization, by=manager)
    theirs = client_of(stranger)
    for address in addresses(visit.customer, branch, person, visit):
        page(theirs, address, status=404)
        assert theirs.post(address, {}).status_code == 404
    for address in (f"/settings/branches/{branch.pk}/switch/", f"/settings/staff/{person.pk}/switch/"):
        assert theirs.post(address).status_code == 404
    assert "Ada Lovelace" not in page(theirs, "/customers/")
    assert "<li" not in page(theirs, "/visits/customers/?q=ada")
    assert 'value="ada@example.com"' not in page(theirs, f"/visits/new/?customer={visit.customer_id}")
    body = typed(theirs, branch=branch.pk)
    assert theirs.post("/visits/new/", body).status_code == 422
    assert theirs.post("/visits/new/", typed(theirs, customer=visit.customer_id)).status_code == 422


def test_who_may(client_of: SignIn, viewer: Membership, member: Membership, customer: Customer) -> None:
    looking, agent = client_of(viewer), client_of(member)
    page(looking, "/customers/")
    page(looking, f"/customers/{customer.pk}/")
    for address in ("/visits/new/", "/visits/customers/?q=ada", f"/customers/{customer.pk}/edit/"):
        page(looking, address, status=403)
    page(looking, f"/customers/{customer.pk}/consent/", status=403)
    for address in ("/settings/branches/", "/settings/branches/new/", "/settings/staff/new/", "/settings/consent/"):
        page(agent, address, status=403)
    page(Client(), "/customers/", status=302)
