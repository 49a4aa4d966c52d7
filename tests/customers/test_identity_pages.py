"""Pages and API of identity: the queue, merging, the records of a customer, splitting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership, Organization
from apps.accounts.permissions import Role
from apps.customers import actions, tasks
from apps.customers.actions import CustomerDetails
from apps.customers.models import Customer, DuplicateSuggestion, Identifier
from tests.conftest import make_member
from tests.customers.conftest import page

Make = Callable[..., Customer]


@pytest.fixture
def make(organization: Organization, manager: Membership, now: datetime) -> Make:
    def run(*details: str) -> Customer:
        return actions.create_customer(CustomerDetails(*details), organization=organization, by=manager, now=now)

    return run


@pytest.fixture
def browser(manager: Membership) -> Client:
    return browser_of(manager)


def browser_of(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def twins(make: Make) -> tuple[Customer, Customer]:
    pair = (
        make("Anna <b>Müller</b>", "anna@example.com", "+4915123456789"),
        make("Anna <b>Müller</b>", "anna.m@example.org", "+4915123456789"),
    )
    tasks.suspect_duplicates()
    return pair


def test_queue_shows_the_pair_and_merges_it(browser: Client, twins: tuple[Customer, Customer]) -> None:
    page = browser.get("/customers/duplicates/").content.decode()
    assert "anna@example.com" in page
    assert "anna.m@example.org" in page
    assert "<b>Müller" not in page
    assert 'data-key="m"' in page
    assert 'data-key="x"' in page
    fragment = browser.get("/customers/duplicates/", headers={"HX-Request": "true", "HX-Target": "pairs"})
    assert fragment.content.decode().lstrip().startswith('<div id="pairs"')
    pair = DuplicateSuggestion.objects.get()
    assert browser.post(f"/customers/duplicates/{pair.pk}/merge/").status_code == 302
    assert Customer.objects.heads().get() == twins[0]
    assert "No pair waits" in browser.get("/customers/duplicates/").content.decode()
    again = browser.post(f"/customers/duplicates/{pair.pk}/reject/", follow=True).content.decode()
    assert "Somebody decided this already" in again


def test_not_the_same_leaves_the_queue(browser: Client, twins: tuple[Customer, Customer]) -> None:
    pair = DuplicateSuggestion.objects.get()
    browser.post(f"/customers/duplicates/{pair.pk}/reject/")
    assert Customer.objects.heads().count() == 2
    assert DuplicateSuggestion.objects.get().state == "rejected"


def test_customers_page_leads_to_the_head_and_shows_the_panel(
    browser: Client, twins: tuple[Customer, Customer], manager: Membership, now: datetime
) -> None:
    one, other = twins
    assert "Maybe the same as" in browser.get(f"/customers/{one.pk}/?panels=all").content.decode()
    actions.merge(one, other, by=manager, now=now)
    answer = browser.get(f"/customers/{other.pk}/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/customers/{one.pk}/")
    page = browser.get(f"/customers/{one.pk}/?panels=all").content.decode()
    assert "2 records are this customer" in page
    listed = browser.get("/customers/").content.decode()
    assert f"/customers/{one.pk}/" in listed
    assert f"/customers/{other.pk}/" not in listed
    found = browser.get("/customers/?q=anna.m@example.org").content.decode()
    assert f"/customers/{one.pk}/" in found


def test_records_page_splits(
    browser: Client, twins: tuple[Customer, Customer], manager: Membership, now: datetime
) -> None:
    one, other = twins
    actions.merge(one, other, by=manager, now=now, reason="Said so at the counter")
    page = browser.get(f"/customers/{one.pk}/records/").content.decode()
    assert "Said so at the counter" in page
    assert f"Also in no. {other.pk}" in page
    assert browser.get(f"/customers/{other.pk}/records/").headers["Location"] == f"/customers/{one.pk}/records/"
    url = f"/customers/{one.pk}/records/split/"
    refused = browser.post(url, {"reason": "x"})
    assert refused.status_code == 422
    assert "Tick the records" in refused.content.decode()
    both = browser.post(url, {"records": [one.pk, other.pk], "reason": "x"})
    assert both.status_code == 422
    assert "Leave at least one record" in both.content.decode()
    done = browser.post(url, {"records": [other.pk], "reason": "Mother and daughter"}, follow=True)
    assert "Mother and daughter" in done.content.decode()
    assert Customer.objects.heads().count() == 2


def test_identifier_is_taken_back_and_given_back(browser: Client, make: Make) -> None:
    anna = make("Anna", "anna@example.com")
    found = Identifier.objects.get()
    for is_live in (False, True):
        assert browser.post(f"/customers/identifiers/{found.pk}/switch/").headers["Location"].endswith("/records/")
        found.refresh_from_db()
        assert (found.revoked_at is None) is is_live
    assert "anna@example.com" in browser.get(f"/customers/{anna.pk}/records/").content.decode()


def test_merge_by_search(browser: Client, make: Make) -> None:
    anna, work = make("Anna", "anna@example.com"), make("Frau Müller", "mueller@work.example")
    url = f"/customers/{anna.pk}/merge/"
    assert "Compare" not in browser.get(url).content.decode()
    assert f"?other={work.pk}" in browser.get(url, {"q": "muller"}).content.decode()
    assert f"?other={anna.pk}" not in browser.get(url, {"q": "anna"}).content.decode()
    assert "mueller@work.example" in browser.get(url, {"other": work.pk}).content.decode()
    for nonsense in (anna.pk, 10**9, "x", "9" * 40):
        assert "Mueller@work" not in browser.get(url, {"other": nonsense}).content.decode()
    done = browser.post(url, {"other": work.pk, "reason": "Her office"})
    assert done.headers["Location"] == f"/customers/{anna.pk}/"
    assert Customer.objects.heads().get() == anna


def test_agents_see_the_evidence_and_decide_nothing(
    organization: Organization, twins: tuple[Customer, Customer]
) -> None:
    agent = browser_of(make_member(organization, Role.AGENT))
    page = agent.get(f"/customers/{twins[0].pk}/records/")
    assert page.status_code == 200
    assert "Take back" not in page.content.decode()
    assert agent.get("/customers/duplicates/").status_code == 403
    assert agent.post(f"/customers/{twins[0].pk}/merge/", {"other": twins[1].pk}).status_code == 403
    assert Customer.objects.heads().count() == 2


def test_strangers_rows_do_not_exist(stranger: Membership, twins: tuple[Customer, Customer], make: Make) -> None:
    client = browser_of(make_member(stranger.organization, Role.ADMIN, "boss@stranger.example"))
    pair, found = DuplicateSuggestion.objects.get(), Identifier.objects.first()
    assert found is not None
    for path in (f"duplicates/{pair.pk}/merge/", f"identifiers/{found.pk}/switch/", f"{twins[0].pk}/records/split/"):
        assert client.post(f"/customers/{path}").status_code == 404
    assert client.get(f"/customers/{twins[0].pk}/records/").status_code == 404


def test_api_does_the_same(browser: Client, twins: tuple[Customer, Customer], make: Make) -> None:
    one, other = twins

    def call(path: str, body: Any = None) -> Any:
        url = f"/api/v1/{path}"
        if body is None:
            return browser.get(url)
        return browser.post(url, body, content_type="application/json")

    pair = call("duplicates/").json()["results"][0]
    assert (pair["customer_id"], pair["other_id"]) == (one.pk, other.pk)
    merged = call(f"duplicates/{pair['id']}/merge/", {"reason": "api"}).json()
    assert merged == {"id": one.pk, "record_ids": [one.pk, other.pk]}
    assert call(f"duplicates/{pair['id']}/reject/", {}).json()["code"] == "already_decided"
    body = call(f"customers/{other.pk}/").json()
    assert (body["id"], body["merged_into"]) == (one.pk, one.pk)
    assert call(f"customers/{one.pk}/").json()["merged_into"] is None
    records = call(f"customers/{one.pk}/records/").json()
    assert [(record["id"], record["is_head"]) for record in records] == [(one.pk, True), (other.pk, False)]
    assert call(f"customers/{one.pk}/split/", {"record_ids": [10**9]}).status_code == 400
    assert call(f"customers/{one.pk}/split/", {"record_ids": [other.pk]}).json()["id"] == one.pk
    assert call(f"customers/{one.pk}/merge/", {"other_id": one.pk}).json()["code"] == "already_one"
    assert call(f"customers/{one.pk}/merge/", {"other_id": other.pk}).json()["record_ids"] == [one.pk, other.pk]
    log = call(f"customers/{one.pk}/identity-log/").json()["results"]
    assert {line["action"] for line in log} >= {"merged", "split", "revoked"}
    found = records[0]["identifiers"][0]["id"]
    assert call(f"identifiers/{found}/take-back/", {}).status_code == 200
    assert call(f"identifiers/{found}/take-back/", {}).status_code == 409
    assert call(f"identifiers/{found}/give-back/", {}).status_code == 200
    assert len(call("customers/").json()["results"]) == 1


def test_the_queue_of_one_customer(office: Client, organization: Organization, make: Make, now: datetime) -> None:
    first, second, third = make("Ada", "a@example.com"), make("Ada L.", "l@example.com"), make("Ben", "b@example.com")
    for pair in ((first, second), (second, third)):
        DuplicateSuggestion.objects.create(
            organization=organization, customer=pair[0], other=pair[1], reason="similar", score=0.7, created_at=now
        )
    mine = page(office, f"/customers/duplicates/?customer={first.pk}")
    assert mine.count("<section") == 1
    assert "Ada L." in mine
    assert page(office, f"/customers/duplicates/?customer={second.pk}").count("<section") == 2
    assert f"/customers/duplicates/?customer={first.pk}" in page(office, f"/customers/{first.pk}/?panels=all")
    for nobody in ("x", "-1", "9" * 30, "²"):
        assert page(office, f"/customers/duplicates/?customer={nobody}").count("<section") == 2
