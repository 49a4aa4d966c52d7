"""Writing customers from other systems: upsert, many at once, and the routes of the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership, Organization
from apps.core.refused import Refused
from apps.customers import search
from apps.customers.actions import bulk, fields
from apps.customers.actions.fields import FieldDetails
from apps.customers.models import Customer, FieldKind, Identifier, SavedSearch, Tag

ClientOf = Callable[[Membership], Client]
JSON = "application/json"


@pytest.fixture
def api(client_of: ClientOf, manager: Membership, organization: Organization) -> Client:
    fields.create_field(FieldDetails("size", "Size", FieldKind.NUMBER), organization=organization, by=manager)
    return client_of(manager)


def test_an_upsert_makes_finds_and_changes(api: Client, organization: Organization, member: Membership) -> None:
    url = "/api/v1/customers/by-external/Shopify/77/"
    body = {"name": "Ada", "email": "ada@example.com", "custom": {"size": 38}, "tags": ["VIP"]}
    made = api.put(url, body, content_type=JSON)
    assert made.status_code == 201, made.content
    assert (made.json()["custom"], made.json()["tags"]) == ({"size": 38}, ["VIP"])
    again = api.put(url, body, content_type=JSON)
    assert (again.status_code, again["ETag"]) == (200, made["ETag"]), "the same again changes nothing"
    changed = api.put(url, {"custom": {"size": None}, "kind": "company"}, content_type=JSON)
    assert (changed.json()["custom"], changed.json()["name"], changed.json()["kind"]) == ({}, "Ada", "company")
    assert Customer.objects.count() == 1
    assert api.get("/api/v1/customers/by-external/shopify/77/")["ETag"] == changed["ETag"]
    assert api.get("/api/v1/customers/by-external/shopify/78/").status_code == 404
    assert [hit.id for hit in search.find(organization, "77")] == [made.json()["id"]]


def test_an_upsert_finds_by_address_and_honours_if_match(api: Client, customer: Customer) -> None:
    url = "/api/v1/customers/by-external/shopify/9/"
    found = api.put(url, {"email": "ADA@example.com", "language": "de"}, content_type=JSON)
    assert (found.status_code, found.json()["id"]) == (200, customer.pk)
    stale = api.put(url, {"name": "X"}, content_type=JSON, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    good = api.put(url, {"name": "Ada King"}, content_type=JSON, headers={"If-Match": found["ETag"]})
    assert good.json()["name"] == "Ada King"


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ({}, "name_missing", 400),
        ({"name": "A", "email": "nonsense"}, "bad_email", 400),
        ({"name": "A", "custom": {"size": "many"}}, "bad_field", 400),
        ({"name": "A", "custom": []}, "invalid", 400),
        ({"name": "A", "kind": "dog"}, "invalid", 400),
        ({"name": "A", "tags": [""]}, "invalid", 400),
    ],
)
def test_a_refused_upsert_leaves_nothing_behind(api: Client, body: dict[str, Any], code: str, status: int) -> None:
    answer = api.put("/api/v1/customers/by-external/crm/1/", body, content_type=JSON)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert not Customer.objects.exists() and not Identifier.objects.exists() and not Tag.objects.exists()


def test_ids_that_name_nobody_are_refused(organization: Organization, member: Membership, now: datetime) -> None:
    for system, external_id in [("crm", "null"), ("crm", "0"), ("crm", " "), ("", "7"), ("x" * 51, "7")]:
        with pytest.raises(Refused) as refused:
            bulk.upsert_customer(organization, system, external_id, {"name": "A"}, by=member, now=now)
        assert refused.value.code == "bad_external_id", (system, external_id)


def test_many_at_once_are_answered_one_by_one(api: Client) -> None:
    items = [
        {"system": "crm", "external_id": "1", "name": "Ada", "email": "ada@example.com"},
        {"system": "crm", "external_id": "2", "name": "Bob", "email": "nonsense"},
        {"system": "crm", "name": "No id"},
        {"system": "crm", "external_id": "3", "name": "Cy", "custom": {"size": 40}},
        {"system": "crm", "external_id": "1", "name": "Ada King"},
    ]
    answer = api.post("/api/v1/customers/bulk/", {"items": items}, content_type=JSON)
    results = answer.json()["results"]
    assert [each["status"] for each in results] == ["created", "rejected", "rejected", "created", "updated"]
    assert (results[1]["code"], results[2]["field"]) == ("bad_email", "external_id")
    again = api.post("/api/v1/customers/bulk/", {"items": [items[3]]}, content_type=JSON).json()["results"]
    assert [each["status"] for each in again] == ["unchanged"]
    assert Customer.objects.count() == 2


def test_a_bulk_with_a_key_happens_once(api: Client) -> None:
    body, headers = {"items": [{"system": "crm", "external_id": "1", "name": "Ada"}]}, {"Idempotency-Key": "k1"}
    first = api.post("/api/v1/customers/bulk/", body, content_type=JSON, headers=headers)
    second = api.post("/api/v1/customers/bulk/", body, content_type=JSON, headers=headers)
    assert second.json() == first.json() and second["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("body", [{}, {"items": []}, {"items": [1]}, {"items": [{}] * 501}, [1]])
def test_a_bulk_that_is_none_is_refused(api: Client, body: Any) -> None:
    answer = api.post("/api/v1/customers/bulk/", json.dumps(body), content_type=JSON)
    assert answer.status_code == 400


def test_patch_asks_for_the_version_that_was_read(api: Client, customer: Customer, manager: Membership) -> None:
    url = f"/api/v1/customers/{customer.pk}/"
    read = api.get(url)
    assert api.get(url, headers={"If-None-Match": read["ETag"]}).status_code == 304
    assert api.patch(url, {"name": "X"}, content_type=JSON).status_code == 428
    body = {"custom": {"size": 38}, "tags": ["VIP"], "owner_id": manager.pk}
    changed = api.patch(url, body, content_type=JSON, headers={"If-Match": read["ETag"]})
    assert changed.status_code == 200, changed.content
    assert (changed.json()["custom"], changed.json()["owner_id"]) == ({"size": 38}, manager.pk)
    assert api.patch(url, {"name": "X"}, content_type=JSON, headers={"If-Match": read["ETag"]}).status_code == 412
    for bad in ({"owner_id": 2**62}, {"company_id": customer.pk}):
        assert api.patch(url, bad, content_type=JSON, headers={"If-Match": "*"}).status_code == 409
    customer.refresh_from_db()
    assert customer.name == "Ada Lovelace"


def test_tags_contacts_and_notes(api: Client, customer: Customer) -> None:
    base = f"/api/v1/customers/{customer.pk}"
    assert api.post(f"{base}/tags/", {"name": "VIP"}, content_type=JSON).json()[0]["name"] == "VIP"
    assert api.post(f"{base}/tags/", {"name": "\x01"}, content_type=JSON).status_code == 400
    assert api.delete(f"{base}/tags/vip/").status_code == 204
    assert api.get(f"{base}/tags/").json() == []
    body = {"kind": "email", "value": "two@example.com", "is_primary": True}
    listed = api.post(f"{base}/contacts/", body, content_type=JSON).json()
    assert {each["value"]: each["is_primary"] for each in listed if each["kind"] == "email"} == {
        "ada@example.com": False,
        "two@example.com": True,
    }
    ids = {each["value"]: each["id"] for each in listed}
    assert api.delete(f"/api/v1/contacts/{ids['two@example.com']}/").status_code == 409
    assert api.delete(f"/api/v1/contacts/{ids['ada@example.com']}/").status_code == 204
    note = api.post(f"{base}/notes/", {"text": "Likes tea", "is_pinned": True}, content_type=JSON)
    assert note.status_code == 201 and note.json()["is_pinned"]
    address = f"/api/v1/notes/{note.json()['id']}/"
    assert api.patch(address, {"text": "Likes coffee"}, content_type=JSON).json()["text"] == "Likes coffee"
    assert [each["text"] for each in api.get(f"{base}/notes/").json()["results"]] == ["Likes coffee"]
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404


def test_fields_tags_and_searches_of_the_organization(
    api: Client, client_of: ClientOf, viewer: Membership, stranger: Membership, customer: Customer
) -> None:
    made = api.post(
        "/api/v1/customer-fields/", {"key": "tier", "label": "Tier", "kind": "choice", "choices": ["a"]}, JSON
    )
    assert made.status_code == 201, made.content
    address = f"/api/v1/customer-fields/{made.json()['id']}/"
    assert api.patch(address, {"choices": ["a", "b"]}, content_type=JSON).json()["choices"] == ["a", "b"]
    assert api.patch(address, {"kind": "text"}, content_type=JSON).status_code in (400, 409)
    assert api.post("/api/v1/customer-fields/", {"key": "T!", "label": "x", "kind": "text"}, JSON).status_code == 400
    rule = {"field": "name", "operator": "begins", "value": "Ada"}
    kept = api.post("/api/v1/saved-searches/", {"name": "Adas", "rule": rule}, JSON)
    assert kept.status_code == 201 and kept.json()["rule"] == {"all": [rule]}
    address = f"/api/v1/saved-searches/{kept.json()['id']}/"
    looking = client_of(viewer)
    assert looking.get(address).status_code == 404
    assert api.patch(address, {"is_shared": True}, content_type=JSON).json()["is_shared"] is True
    assert looking.get(address).status_code == 200
    assert looking.delete(address).status_code == 409
    found = looking.post("/api/v1/customers/search/", {"rule": rule}, JSON)
    assert [each["id"] for each in found.json()["results"]] == [customer.pk]
    assert client_of(stranger).post("/api/v1/customers/search/", {"rule": rule}, JSON).json()["results"] == []
    assert looking.post("/api/v1/customers/search/", {"rule": {"field": "x"}}, JSON).status_code == 400
    assert api.delete(address).status_code == 204
    assert not SavedSearch.objects.exists()
