"""The language of searches: what it accepts, whom each field finds, and that it never falls over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Membership, Organization
from apps.core.refused import Refused
from apps.customers import advanced_search, rules
from apps.customers.models import (
    Channel,
    ConsentAction,
    ConsentEntry,
    ConsentMethod,
    Customer,
    CustomerTag,
    CustomField,
    FieldKind,
    Identifier,
    IdentifierKind,
    Purpose,
    Tag,
)
from apps.customers.rules import fields
from tests.customers.conftest import Capture

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(organization: Organization, capture: Capture, member: Membership, now: datetime) -> dict[str, Customer]:
    """Three customers: Ada knows everything, Bob little, Cy is a member of Ada's record."""
    CustomField.objects.create(organization=organization, key="size", label="Size", kind=FieldKind.NUMBER)
    CustomField.objects.create(organization=organization, key="born", label="Born", kind=FieldKind.DATE)
    CustomField.objects.create(organization=organization, key="club", label="Club", kind=FieldKind.BOOLEAN)
    CustomField.objects.create(
        organization=organization, key="tier", label="Tier", kind=FieldKind.CHOICE, choices=["gold", "tin"]
    )
    CustomField.objects.create(organization=organization, key="memo", label="Memo", kind=FieldKind.TEXT)
    ada = capture("Ada Müller", email="ada@example.com", mobile="0151 23456789", has_email_consent=True).customer
    capture("Ada Müller", email="ada@example.com", now=now + timedelta(days=1))
    bob = capture("Bob", email="bob@example.org", now=now - timedelta(days=40)).customer
    cy = capture("Cy Lender", email="cy@example.net", now=now - timedelta(days=60)).customer
    Customer.objects.filter(pk=ada.pk).update(
        language="de",
        owner=member,
        custom={"size": 42, "born": "1990-05-01", "club": True, "tier": "gold", "memo": "Likes Tea"},
    )
    Customer.objects.filter(pk=bob.pk).update(company=ada, is_restricted=True, custom={"size": 7})
    Customer.objects.filter(pk=cy.pk).update(merged_into=ada)
    vip = Tag.objects.create(organization=organization, name="VIP", name_key="vip")
    CustomerTag.objects.create(organization=organization, customer=cy, tag=vip)
    Identifier.objects.create(
        organization=organization,
        customer=cy,
        kind=IdentifierKind.EXTERNAL,
        system="shopify",
        value="77",
        first_seen_at=now,
    )
    ConsentEntry.objects.create(
        organization=organization,
        customer=bob,
        purpose=Purpose.MARKETING,
        channel=Channel.SMS,
        action=ConsentAction.WITHDRAWN,
        method=ConsentMethod.COUNTER,
        recorded_at=now,
        by_label="x",
    )
    return {"ada": ada, "bob": bob, "cy": cy}


ADA, BOB, BOTH, NOBODY = {"ada"}, {"bob"}, {"ada", "bob"}, set[str]()


@pytest.mark.parametrize(
    ("field", "operator", "value", "who"),
    [
        ("name", "is", "ada müller", ADA),
        ("name", "contains", "MüLL", ADA),
        ("name", "contains", "a", ADA),
        ("name", "begins", "bo", BOB),
        ("name", "is_not", "Bob", ADA),
        ("email", "is", "BOB@example.org", BOB),
        ("email", "is", "cy@example.net", ADA),
        ("email", "contains", "example", BOTH),
        ("email", "is_not", "bob@example.org", ADA),
        ("email", "filled", None, BOTH),
        ("phone", "is", "+49 151 23456789", ADA),
        ("phone", "empty", None, BOB),
        ("kind", "is", "person", BOTH),
        ("language", "is", "de", ADA),
        ("language", "is_not", "de", BOB),
        ("language", "empty", None, BOB),
        ("company", "contains", "ada", BOB),
        ("company", "empty", None, ADA),
        ("tags", "has", "vip", ADA),
        ("tags", "has", "ViP", ADA),
        ("tags", "has_not", "vip", BOB),
        ("tags", "filled", None, ADA),
        ("tags", "empty", None, BOB),
        ("tags", "has", "no such tag", NOBODY),
        ("restricted", "is", True, BOB),
        ("restricted", "is", False, ADA),
        ("last_visit", "on", "2026-03-30", ADA),
        ("last_visit", "before", "2026-03-01", BOB),
        ("last_visit", "after", "2026-03-29", ADA),
        ("last_visit", "within", {"last_days": 7}, ADA),
        ("last_visit", "not_within", {"last_days": 7}, BOB),
        ("last_visit", "on", {"days_ago": 0}, ADA),
        ("last_visit", "before", {"days_ago": 1}, BOB),
        ("last_visit", "filled", None, BOTH),
        ("created", "before", "2026-03-01", BOB),
        ("visits", "at_least", 3, ADA),
        ("visits", "is", 1, BOB),
        ("visits", "at_most", 0, NOBODY),
        ("branch", "empty", None, BOTH),
        ("consent:survey:email", "is", True, ADA),
        ("consent:survey:email", "is", False, BOB),
        ("consent:marketing:sms", "is", False, BOTH),
        ("system", "has", "Shopify", ADA),
        ("system", "empty", None, BOB),
        ("external_id", "is", "77", ADA),
        ("custom:size", "at_least", 8, ADA),
        ("custom:size", "at_most", 7, BOB),
        ("custom:size", "is", 42, ADA),
        ("custom:size", "filled", None, BOTH),
        ("custom:born", "before", "1991-01-01", ADA),
        ("custom:born", "on", "1990-05-01", ADA),
        ("custom:born", "empty", None, BOB),
        ("custom:club", "is", True, ADA),
        ("custom:club", "is", False, BOB),
        ("custom:tier", "is", "gold", ADA),
        ("custom:tier", "is_not", "gold", BOB),
        ("custom:memo", "contains", "tea", ADA),
        ("custom:memo", "begins", "likes", ADA),
    ],
)
def test_every_field(
    crowd: dict[str, Customer],
    organization: Organization,
    now: datetime,
    field: str,
    operator: str,
    value: Any,
    who: set[str],
) -> None:
    rule = rules.parse({"field": field, "operator": operator, "value": value}, organization)
    found = list(advanced_search.fitting(rule, now=now + timedelta(days=1)))
    assert sorted(customer.pk for customer in found) == sorted(crowd[name].pk for name in who)
    assert rules.parse(rule.document(), organization) == rule or field.startswith("custom:")


def test_owner_is_asked_by_id(
    crowd: dict[str, Customer], organization: Organization, member: Membership, now: datetime
) -> None:
    rule = rules.parse({"field": "owner", "operator": "is", "value": str(member.pk)}, organization)
    assert [each.pk for each in advanced_search.fitting(rule, now=now)] == [crowd["ada"].pk]


def test_groups_join_their_parts(crowd: dict[str, Customer], organization: Organization, now: datetime) -> None:
    german, bob = ({"field": f, "operator": "is", "value": v} for f, v in [("language", "de"), ("name", "Bob")])

    def names(document: Any) -> list[str]:
        return sorted(each.name for each in advanced_search.fitting(rules.parse(document, organization), now=now))

    assert names({"all": [german, bob]}) == []
    assert names({"any": [german, bob]}) == ["Ada Müller", "Bob"]
    assert names({"all": [{"any": [german, bob]}, bob]}) == ["Bob"]
    assert names({}) == ["Ada Müller", "Bob"]


def test_another_organization_is_never_found(
    crowd: dict[str, Customer], other_organization: Organization, now: datetime
) -> None:
    rule = rules.parse({"field": "name", "operator": "contains", "value": "a"}, other_organization)
    assert not advanced_search.fitting(rule, now=now).exists()
    with pytest.raises(Refused):
        rules.parse({"field": "custom:size", "operator": "is", "value": 1}, other_organization)


DEEP: dict[str, Any] = {"all": []}
for _ in range(10):
    DEEP = {"all": [DEEP]}


@pytest.mark.parametrize(
    "document",
    [
        "text",
        [1],
        {"all": {}},
        {"all": [1]},
        {"all": [], "any": []},
        {"field": "nothing", "operator": "is", "value": "x"},
        {"field": ["name"], "operator": "is", "value": "x"},
        {"field": "name", "operator": "at_least", "value": "x"},
        {"field": "name", "operator": ["is"], "value": "x"},
        {"field": "name", "operator": "is", "value": ""},
        {"field": "name", "operator": "is", "value": "\x00"},
        {"field": "name", "operator": "is", "value": "x" * 201},
        {"field": "name", "operator": "is", "value": 5},
        {"field": "name", "operator": "is", "value": "x", "more": 1},
        {"field": "visits", "operator": "is", "value": True},
        {"field": "visits", "operator": "is", "value": 1e300},
        {"field": "visits", "operator": "is", "value": float("nan")},
        {"field": "restricted", "operator": "is", "value": "yes"},
        {"field": "language", "operator": "is", "value": "klingon"},
        {"field": "created", "operator": "on", "value": "2024-02-30"},
        {"field": "created", "operator": "on", "value": "0001-01-01"},
        {"field": "created", "operator": "on", "value": "9999-12-31"},
        {"field": "created", "operator": "on", "value": {"last_days": 3}},
        {"field": "created", "operator": "within", "value": "2024-02-01"},
        {"field": "created", "operator": "within", "value": {"last_days": 0}},
        {"field": "created", "operator": "within", "value": {"last_days": 10**9}},
        {"field": "created", "operator": "within", "value": {"last_days": "3"}},
        DEEP,
        {"all": [{"field": "name", "operator": "filled"}] * 51},
        {"all": [{"any": [{"field": "name", "operator": "filled"}] * 30}] * 2},
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(organization: Organization, document: Any) -> None:
    with pytest.raises(Refused) as refused:
        rules.parse(document, organization)
    assert refused.value.code == "bad_rule"
    assert "rule" in refused.value.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["all", "any", "field", "operator", "value"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_document_is_a_rule_or_refused(organization: Organization, document: Any) -> None:
    try:
        rule = rules.parse(document, organization)
    except Refused:
        return
    list(advanced_search.fitting(rule, now=timezone.now())[:1])


def test_an_app_above_registers_a_field(organization: Organization, crowd: dict[str, Customer], now: datetime) -> None:
    length = fields.Field("test:mobile", "Has a mobile", fields.Kind.BOOLEAN, lambda compare: compare("mobile__gt"))
    fields.register(length)
    try:
        assert "test:mobile" in fields.available(organization)
    finally:
        del fields._fields["test:mobile"]


def test_the_count_stops_at_its_cap(
    organization: Organization, crowd: dict[str, Customer], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = advanced_search.fitting(rules.parse({}, organization), now=now)
    assert str(advanced_search.capped_count(everybody)) == "2"
    monkeypatch.setattr(advanced_search, "MOST_COUNTED", 1)
    assert str(advanced_search.capped_count(everybody)) == "1+"
