"""The advanced search's page, its export, and searches that are kept, shared and subscribed to."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.accounts.permissions import Role
from apps.core.refused import Refused
from apps.customers import rules
from apps.customers.actions import saved_searches
from apps.customers.models import Customer, CustomField, FieldKind, SavedSearch, SearchSubscription
from apps.customers.rules import rows
from apps.messaging.models import Message
from tests.conftest import make_member
from tests.customers.conftest import Capture

ClientOf = Callable[[Membership], Client]
EVERY_A = {"all": [{"field": "name", "operator": "contains", "value": "a"}]}


def test_the_builder_works_without_script(client_of: ClientOf, member: Membership, customer: Customer) -> None:
    client = client_of(member)
    empty = client.get("/customers/search/").content.decode()
    assert "Add a condition" in empty and customer.name not in empty
    chosen = client.get("/customers/search/", {"join": "all", "f": ["name", ""]}).content.decode()
    assert "begins with" in chosen
    asked = {"join": "all", "f": ["name", "visits"], "o": ["begins", "at_least"], "v": ["ada", "1"]}
    page = client.get("/customers/search/", asked).content.decode()
    assert "Name begins with ada and Number of visits is at least 1" in page
    assert customer.name in page
    assert customer.name not in client.get("/customers/search/", asked | {"v": ["zed", "1"]}).content.decode()
    assert (
        customer.name in client.get("/customers/search/", asked | {"v": ["zed", "1"], "join": "any"}).content.decode()
    )
    dropped = client.get("/customers/search/", asked | {"v": ["zed", "1"], "drop": "0"}).content.decode()
    assert customer.name in dropped


def test_fragments_and_the_count(client_of: ClientOf, member: Membership, customer: Customer) -> None:
    client = client_of(member)
    hx = {"HX-Request": "true", "HX-Target": "builder"}
    part = client.get("/customers/search/", {"f": "language"}, headers=hx).content.decode()
    assert part.lstrip().startswith("<form") and '<option value="de"' in part
    rule = {"rule": json.dumps(EVERY_A)}
    hx["HX-Target"] = "count"
    assert "1 fit" in client.get("/customers/search/count/", rule, headers=hx).content.decode()
    assert client.get("/customers/search/count/").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"rule": "{"},
        {"rule": "[" * 9000},
        {"rule": '{"field":"x"}'},
        {"f": "visits", "o": "is", "v": "many"},
        {"f": "visits", "o": "is", "v": "nan"},
        {"f": "visits", "o": "is", "v": "1e999"},
        {"f": "created", "o": "on", "v": "30.02.2024"},
        {"f": "nothing", "o": "is", "v": "1"},
        {"f": ["name"] * 60, "o": ["is"] * 60, "v": ["\x00"] * 60},
        {"saved": "x"},
        {"f": "name", "o": "is", "v": "a", "cursor": "nonsense"},
    ],
)
def test_odd_addresses_do_no_harm(client_of: ClientOf, member: Membership, query: dict[str, object]) -> None:
    assert client_of(member).get("/customers/search/", query).status_code in (200, 302, 404)


def test_rows_and_rule_say_the_same(organization: Organization) -> None:
    fields = rules.fields.available(organization)
    given = [rows.Row("last_visit", "within", "30"), rows.Row("restricted", "is", "no"), rows.Row("name", "filled", "")]
    rule = rules.parse(rows.document_of(given, fields, is_any=True), organization)
    assert rows.rows_of(rule) == (given, True)
    assert rows.in_words(rule) == "Last visit is within the last days 30 or Restricted is no or Name is known"
    nested = rules.parse({"all": [EVERY_A, {"any": [EVERY_A]}]}, organization)
    assert rows.rows_of(nested) is None


def test_a_rule_of_groups_is_shown_as_text(client_of: ClientOf, member: Membership, customer: Customer) -> None:
    nested = {"rule": json.dumps({"all": [{"any": [EVERY_A, EVERY_A]}]})}
    page = client_of(member).get("/customers/search/", nested).content.decode()
    assert "groups within groups" in page and customer.name in page


def test_export_is_safe_complete_and_only_for_those_who_may(
    client_of: ClientOf, member: Membership, manager: Membership, capture: Capture, organization: Organization
) -> None:
    CustomField.objects.create(organization=organization, key="memo", label="Memo", kind=FieldKind.TEXT)
    evil = capture("=cmd|' /C calc'!A0", email="evil@example.com", mobile="0151 23456789").customer
    Customer.objects.filter(pk=evil.pk).update(custom={"memo": "+1"})
    kept = capture("Anna Restricted", email="r@example.com").customer
    Customer.objects.filter(pk=kept.pk).update(is_restricted=True)
    rule = {"rule": json.dumps(EVERY_A)}
    assert client_of(member).get("/customers/search/export/", rule).status_code == 403
    answer = client_of(manager).get("/customers/search/export/", rule)
    assert answer["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    lines = list(csv.DictReader(io.StringIO(text)))
    assert len(lines) == 1, "restricted customers do not leave the house"
    assert lines[0]["name"].startswith("'=") and lines[0]["mobile"].startswith("'+") and lines[0]["memo"] == "'+1"


def test_kept_searches_are_private_until_shared(
    client_of: ClientOf, member: Membership, manager: Membership, customer: Customer
) -> None:
    mine, theirs = client_of(member), client_of(manager)
    saved = mine.post("/customers/search/save/", {"name": "With a", "rule": json.dumps(EVERY_A)})
    kept = SavedSearch.objects.get()
    assert saved["Location"] == f"/customers/search/?saved={kept.pk}"
    assert customer.name in mine.get(saved["Location"]).content.decode()
    assert theirs.get(saved["Location"]).status_code == 404
    assert mine.post(f"/customers/searches/{kept.pk}/", {"name": "Shared", "is_shared": "on"}).status_code == 302
    assert "Shared" in theirs.get(saved["Location"]).content.decode()
    assert theirs.post(f"/customers/searches/{kept.pk}/", {"name": "Taken"}).status_code == 404
    assert theirs.post(f"/customers/searches/{kept.pk}/delete/").status_code == 404
    assert mine.post(f"/customers/searches/{kept.pk}/delete/").status_code == 302
    assert not SavedSearch.objects.exists()


def test_names_are_once_and_rules_are_checked(member: Membership, now: datetime) -> None:
    saved_searches.save_search(member, name="A", rule=EVERY_A, now=now)
    for name, rule in [("A", EVERY_A), (" ", EVERY_A), ("x" * 101, EVERY_A), ("B", {"field": "nothing"})]:
        with pytest.raises(Refused):
            saved_searches.save_search(member, name=name, rule=rule, now=now)
    assert SavedSearch.objects.count() == 1


def test_a_subscriber_hears_of_newcomers_once(
    capture: Capture, customer: Customer, member: Membership, now: datetime
) -> None:
    kept = saved_searches.save_search(member, name="With a", rule=EVERY_A, now=now)
    saved_searches.subscribe(kept, by=member, now=now)
    saved_searches.subscribe(kept, by=member, now=now)
    assert SearchSubscription.objects.count() == 1
    assert not saved_searches.tell_next_subscriber(now=now + timedelta(hours=23)), "not yet due"
    capture("Anna", email="anna@example.com")
    capture("Bob", email="bob@example.com")
    later = now + timedelta(days=1, hours=1)
    assert saved_searches.tell_next_subscriber(now=later)
    assert not saved_searches.tell_next_subscriber(now=later)
    mail = Message.objects.get(kind="saved_search")
    assert "Anna" in mail.text and "Bob" not in mail.text and customer.name not in mail.text
    assert saved_searches.tell_next_subscriber(now=later + timedelta(days=3))
    assert Message.objects.filter(kind="saved_search").count() == 1, "no newcomers, no mail"
    assert SearchSubscription.objects.get().next_at > later + timedelta(days=3)


def test_nobody_is_told_of_what_they_may_no_longer_see(
    capture: Capture, member: Membership, manager: Membership, now: datetime
) -> None:
    kept = saved_searches.save_search(member, name="With a", rule=EVERY_A, now=now, is_shared=True)
    saved_searches.subscribe(kept, by=manager, now=now)
    saved_searches.save_search(member, name="With a", rule=EVERY_A, now=now, is_shared=False, search=kept)
    capture("Anna", email="anna@example.com")
    assert saved_searches.tell_next_subscriber(now=now + timedelta(days=2))
    assert not Message.objects.filter(kind="saved_search").exists()


def test_subscribing_on_the_page(
    client_of: ClientOf, member: Membership, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = make_member(organization, Role.AGENT, "owner@harbour.example")
    kept = saved_searches.save_search(owner, name="All", rule={}, now=timezone.now(), is_shared=True)
    client = client_of(member)
    assert client.post(f"/customers/searches/{kept.pk}/subscribe/").status_code == 302
    assert "No more mails" in client.get("/customers/search/").content.decode()
    client.post(f"/customers/searches/{kept.pk}/subscribe/")
    assert not SearchSubscription.objects.exists()
    monkeypatch.setattr(saved_searches, "MOST_REMEMBERED", -1)
    client.post(f"/customers/searches/{kept.pk}/subscribe/")
    assert not SearchSubscription.objects.exists()


def test_restricted_customers_are_no_news(
    capture: Capture, customer: Customer, member: Membership, now: datetime
) -> None:
    kept = saved_searches.save_search(member, name="With a", rule=EVERY_A, now=now)
    saved_searches.subscribe(kept, by=member, now=now)
    anna = capture("Anna", email="anna@example.com").customer
    Customer.objects.filter(pk=anna.pk).update(is_restricted=True)
    assert saved_searches.tell_next_subscriber(now=now + timedelta(days=2))
    assert not Message.objects.filter(kind="saved_search").exists()


def test_a_worker_that_is_killed_tells_once(
    capture: Capture, customer: Customer, member: Membership, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail and the note of who was told are one transaction: a kill leaves neither or both."""
    kept = saved_searches.save_search(member, name="With a", rule=EVERY_A, now=now)
    saved_searches.subscribe(kept, by=member, now=now)
    capture("Anna", email="anna@example.com")
    later = now + timedelta(days=2)
    save = SearchSubscription.save

    def killed(*_args: object, **_fields: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SearchSubscription, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        saved_searches.tell_next_subscriber(now=later)
    assert not Message.objects.filter(kind="saved_search").exists()
    monkeypatch.setattr(SearchSubscription, "save", save)
    assert saved_searches.tell_next_subscriber(now=later)
    assert not saved_searches.tell_next_subscriber(now=later)
    assert Message.objects.filter(kind="saved_search").count() == 1
