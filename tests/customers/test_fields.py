"""The organisation's own fields: defined, typed, shown, searched; tags; who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership, Organization
from apps.core.refused import Refused
from apps.customers import search
from apps.customers.actions import fields, record, tags
from apps.customers.actions.fields import FieldDetails
from apps.customers.models import Customer, CustomerKind, CustomField, FieldKind, Tag, TimelineEntry
from tests.customers.conftest import NASTY, Capture

ClientOf = Callable[[Membership], Client]


@pytest.fixture
def own(organization: Organization, manager: Membership) -> dict[str, CustomField]:
    kinds = {
        "card": FieldDetails("card", "Card", FieldKind.TEXT, is_searchable=True),
        "size": FieldDetails("size", "Shoe size", FieldKind.NUMBER),
        "born": FieldDetails("born", "Born", FieldKind.DATE),
        "club": FieldDetails("club", "Club", FieldKind.BOOLEAN),
        "tier": FieldDetails("tier", "Tier", FieldKind.CHOICE, ("gold", "tin", "gold", " ")),
    }
    return {key: fields.create_field(each, organization=organization, by=manager) for key, each in kinds.items()}


@pytest.mark.parametrize(
    ("key", "typed", "stored"),
    [
        ("card", "  A\n1 ", "A 1"),
        ("card", "", None),
        ("size", "42", 42),
        ("size", 42.5, 42.5),
        ("size", None, None),
        ("born", date(1990, 5, 1), "1990-05-01"),
        ("born", "1990-05-01", "1990-05-01"),
        ("club", True, True),
        ("club", "no", False),
        ("tier", "gold", "gold"),
    ],
)
def test_values_are_stored_typed(
    own: dict[str, CustomField],
    customer: Customer,
    member: Membership,
    now: datetime,
    key: str,
    typed: Any,
    stored: Any,
) -> None:
    customer.refresh_from_db()
    changed = fields.set_fields(customer, {key: typed}, by=member, now=now)
    assert changed.custom.get(key) == stored
    assert changed.version == customer.version + (stored is not None)


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("card", "x" * 501),
        ("card", 5),
        ("size", "many"),
        ("size", True),
        ("size", float("nan")),
        ("size", 10**300),
        ("born", "30.02.2024"),
        ("born", 5),
        ("club", "perhaps"),
        ("tier", "silver"),
        ("tier", ["gold"]),
        ("nothing", "x"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(
    own: dict[str, CustomField], customer: Customer, member: Membership, now: datetime, key: str, typed: Any
) -> None:
    with pytest.raises(Refused) as refused:
        fields.set_fields(customer, {key: typed}, by=member, now=now)
    assert (refused.value.code, refused.value.field) == ("bad_field", key)
    customer.refresh_from_db()
    assert customer.custom == {}


def test_a_searchable_field_finds_the_customer(
    own: dict[str, CustomField], customer: Customer, member: Membership, now: datetime
) -> None:
    fields.set_fields(customer, {"card": "GOLD-4711", "tier": "tin"}, by=member, now=now)
    assert [hit.id for hit in search.find(customer.organization_id, "gold-47")] == [customer.pk]
    assert search.find(customer.organization_id, "tin") == []
    fields.set_fields(customer, {"card": None}, by=member, now=now)
    assert search.find(customer.organization_id, "gold-47") == []


@pytest.mark.parametrize(
    "details",
    [
        FieldDetails("Card", "x", FieldKind.TEXT),
        FieldDetails("9x", "x", FieldKind.TEXT),
        FieldDetails("x__y z", "x", FieldKind.TEXT),
        FieldDetails("ok", " ", FieldKind.TEXT),
        FieldDetails("ok", "x" * 101, FieldKind.TEXT),
        FieldDetails("ok", "x", "colour"),
        FieldDetails("ok", "x", FieldKind.CHOICE),
        FieldDetails("ok", "x", FieldKind.CHOICE, ("y" * 101,)),
        FieldDetails("card", "again", FieldKind.TEXT),
    ],
)
def test_a_field_that_makes_no_sense_is_refused(
    own: dict[str, CustomField], organization: Organization, manager: Membership, details: FieldDetails
) -> None:
    with pytest.raises(Refused):
        fields.create_field(details, organization=organization, by=manager)
    assert CustomField.objects.count() == len(own)


def test_key_and_kind_never_change_and_archived_fields_keep_their_values(
    own: dict[str, CustomField], customer: Customer, manager: Membership, now: datetime
) -> None:
    fields.set_fields(customer, {"size": 42}, by=manager, now=now)
    with pytest.raises(Refused, match="never change"):
        fields.update_field(own["size"], FieldDetails("size", "Size", FieldKind.TEXT), by=manager)
    fields.update_field(own["size"], FieldDetails("size", "Size", FieldKind.NUMBER), by=manager, is_archived=True)
    with pytest.raises(Refused):
        fields.set_fields(customer, {"size": 43}, by=manager, now=now)
    fields.set_fields(customer, {"tier": "gold"}, by=manager, now=now)
    customer.refresh_from_db()
    assert customer.custom == {"size": 42, "tier": "gold"}


def test_pages_define_fill_and_show_a_field(
    client_of: ClientOf, manager: Membership, member: Membership, customer: Customer
) -> None:
    managing, agent = client_of(manager), client_of(member)
    body = {"label": "Tier", "key": "tier", "kind": "choice", "choices": "gold\ntin"}
    assert managing.post("/settings/fields/new/", body | {"key": "No Key"}).status_code == 422
    assert managing.post("/settings/fields/new/", body).status_code == 302
    assert "Tier" in managing.get("/settings/fields/").content.decode()
    assert agent.get("/settings/fields/").status_code == 403
    assert agent.post(f"/customers/{customer.pk}/fields/", {"tier": "silver"}).status_code == 422
    assert agent.post(f"/customers/{customer.pk}/fields/", {"tier": "gold"}).status_code == 302
    assert "gold" in agent.get(f"/customers/{customer.pk}/").content.decode()
    field = CustomField.objects.get()
    assert managing.post(f"/settings/fields/{field.pk}/", body | {"state": "archive"}).status_code == 302
    assert "gold" not in agent.get(f"/customers/{customer.pk}/").content.decode()
    assert managing.post(f"/settings/fields/{field.pk}/", body | {"state": "bring_back"}).status_code == 302
    assert CustomField.objects.get().is_archived is False


@pytest.mark.parametrize("text", NASTY)
def test_nasty_values_are_printed_as_text(
    client_of: ClientOf, own: dict[str, CustomField], customer: Customer, member: Membership, now: datetime, text: str
) -> None:
    fields.set_fields(customer, {"card": text}, by=member, now=now)
    tags.add_tag(customer, text[:50], by=member, now=now)
    page = client_of(member).get(f"/customers/{customer.pk}/")
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_owner_kind_and_company(
    capture: Capture, customer: Customer, member: Membership, other_organization: Organization, now: datetime
) -> None:
    firm = capture("Navy Ltd", email="navy@example.com").customer
    with pytest.raises(Refused, match="company"):
        record.set_company(customer, kind=CustomerKind.PERSON, company=firm, by=member, now=now)
    firm = record.set_company(firm, kind=CustomerKind.COMPANY, company=None, by=member, now=now)
    changed = record.set_relations(customer, owner=member, kind=CustomerKind.PERSON, company=firm, by=member, now=now)
    assert (changed.owner, changed.company) == (member, firm)
    assert TimelineEntry.objects.filter(customer=customer, kind="updated").count() == 2
    with pytest.raises(Refused):
        record.set_company(firm, kind=CustomerKind.PERSON, company=None, by=member, now=now)
    with pytest.raises(Refused):
        record.set_company(firm, kind=CustomerKind.COMPANY, company=firm, by=member, now=now)
    stranger = Customer.objects.create(organization=other_organization, name="X", kind=CustomerKind.COMPANY)
    with pytest.raises(Refused):
        record.set_company(customer, kind=CustomerKind.PERSON, company=stranger, by=member, now=now)


def test_owner_page(
    client_of: ClientOf, member: Membership, customer: Customer, capture: Capture, now: datetime
) -> None:
    client, url = client_of(member), f"/customers/{customer.pk}/owner/"
    assert client.post(url, {"owner": member.pk, "kind": "person", "company": "Nobody Ltd"}).status_code == 422
    assert client.post(url, {"owner": member.pk, "kind": "person"}).status_code == 302
    assert str(member) in client.get(f"/customers/{customer.pk}/").content.decode()


def test_tags_in_any_case(customer: Customer, member: Membership, now: datetime) -> None:
    first = tags.add_tag(customer, "  VIP  guest ", by=member, now=now)
    assert first.name == "VIP guest"
    assert tags.add_tag(customer, "vip GUEST", by=member, now=now) == first
    assert customer.tagged.count() == 1
    for bad in ("", " ", "x" * 51, "\n"):
        with pytest.raises(Refused):
            tags.add_tag(customer, bad, by=member, now=now)
    tags.set_tags(customer, ["Gold", "VIP Guest"], by=member, now=now)
    assert sorted(customer.tagged.values_list("tag__name", flat=True)) == ["Gold", "VIP guest"]
    tags.set_tags(customer, ["gold"], by=member, now=now)
    assert list(customer.tagged.values_list("tag__name", flat=True)) == ["Gold"]


def test_renaming_onto_another_tag_joins_the_two(
    capture: Capture, customer: Customer, member: Membership, manager: Membership, now: datetime
) -> None:
    other = capture("Bob", email="bob@example.com").customer
    for each, name in [(customer, "vip"), (other, "vip"), (other, "gold")]:
        tags.add_tag(each, name, by=member, now=now)
    gold = tags.rename_tag(Tag.objects.get(name="vip"), "GOLD", by=manager)
    assert list(Tag.objects.values_list("name", flat=True)) == ["gold"]
    assert sorted(gold.tagged.values_list("customer", flat=True)) == sorted([customer.pk, other.pk])
    assert tags.rename_tag(gold, "Golden", by=manager).name_key == "golden"
    tags.delete_tag(gold, by=manager)
    assert not Tag.objects.exists()


def test_tag_pages(client_of: ClientOf, member: Membership, manager: Membership, customer: Customer) -> None:
    agent, managing = client_of(member), client_of(manager)
    hx = {"HX-Request": "true", "HX-Target": "tags"}
    answer = agent.post(f"/customers/{customer.pk}/tags/", {"tag": "VIP"}, headers=hx)
    assert answer.status_code == 200
    assert "VIP" in answer.content.decode() and "<html" not in answer.content.decode()
    assert agent.post(f"/customers/{customer.pk}/tags/", {"tag": "x" * 51}, headers=hx).status_code == 422
    assert agent.post(f"/customers/{customer.pk}/tags/", {"tag": "Plain"}).status_code == 302
    tag = Tag.objects.get(name="VIP")
    assert "VIP" in managing.get("/settings/tags/").content.decode()
    assert agent.get("/settings/tags/").status_code == 403
    assert managing.post(f"/settings/tags/{tag.pk}/", {"tag": "Gold"}).status_code == 302
    carried = customer.tagged.get(tag=tag)
    assert agent.post(f"/customers/tags/{carried.pk}/remove/").status_code == 302
    assert managing.post(f"/settings/tags/{tag.pk}/delete/").status_code == 302
    assert list(Tag.objects.values_list("name", flat=True)) == ["Plain"]
