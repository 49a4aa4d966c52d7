"""From the first moment of an erasure nobody sees the customer, however long the rest takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.commerce.actions import OrderDraft, upsert_order
from apps.commerce.models import Order
from apps.core.refused import Refused
from apps.customers import advanced_search, queries, rules, search
from apps.customers.actions import VisitDraft, capture_visit, privacy, saved_searches
from apps.customers.models import Customer, PrivacyRequest, SavedSearch

pytestmark = pytest.mark.django_db


@pytest.fixture
def begun(customer: Customer, manager: Membership) -> PrivacyRequest:
    """An erasure that no worker has taken up yet."""
    now = timezone.now()
    request = privacy.open_request(customer, kind="erasure", by=manager, now=now)
    return privacy.carry_out(request, by=manager, now=now)


def test_no_list_no_search_no_page_and_no_rule_shows_them(
    begun: PrivacyRequest,
    customer: Customer,
    organization: Organization,
    manager: Membership,
    client_of: Callable[[Membership], Client],
) -> None:
    browser = client_of(manager)
    assert Customer.objects.filter(pk=customer.pk).exists(), "the record is still there"
    assert search.find(organization, "ada") == []
    assert not queries.customer_json(organization).rows
    rule = rules.parse({}, organization)
    assert not advanced_search.fitting(rule, now=timezone.now()).exists()
    for address in (reverse("customers:customer_list"), reverse("customers:search") + "?rule={}"):
        assert "Lovelace" not in browser.get(address).content.decode()
    assert browser.get(reverse("customers:customer_detail", args=[customer.pk])).status_code == 404
    listed = browser.get(reverse("customers:privacy_list")).content.decode()
    detail = browser.get(reverse("customers:privacy_detail", args=[begun.pk])).content.decode()
    assert "Lovelace" not in listed + detail and str(customer.pk) in listed


def test_nobody_brings_them_back_meanwhile(
    begun: PrivacyRequest, organization: Organization, member: Membership
) -> None:
    draft = VisitDraft("Ada", email="ada@example.com")
    with pytest.raises(Refused) as refused:
        capture_visit(draft, organization=organization, by=member, now=timezone.now())
    assert refused.value.code == "erased"


def test_kept_searches_for_this_person_go(customer: Customer, manager: Membership) -> None:
    now = timezone.now()

    def keep(name: str, value: str, field: str = "name") -> None:
        rule = {"all": [{"field": field, "operator": "contains", "value": value}]}
        saved_searches.save_search(manager, name=name, rule=rule, now=now)

    keep("By name", "ada lovelace")
    keep("By address", "ada@example.com", "email")
    keep("Everybody like her", "ada")
    request = privacy.open_request(customer, kind="erasure", by=manager, now=now)
    privacy.carry_out(request, by=manager, now=now)
    privacy.work_next(now=timezone.now())
    assert [each.name for each in SavedSearch.objects.all()] == ["Everybody like her"]
    request.refresh_from_db()
    assert "references" not in str(request.steps), "they would tell whose the orders were that stay"


def test_no_door_of_the_api_brings_an_erased_customer_back(
    begun: PrivacyRequest, organization: Organization, manager: Membership, client_of: Callable[[Membership], Client]
) -> None:
    now = timezone.now()
    shop = ("external", "4711", "shop")
    privacy.remember(organization.pk, [shop], request=begun, now=now)
    assert privacy.work_next(now=timezone.now())
    api = client_of(manager)
    for path, body in [
        ("/api/v1/customers/by-external/shop/4711/", {"name": "Ada"}),
        ("/api/v1/customers/by-external/crm/1/", {"name": "Ada", "email": "ada@example.com"}),
    ]:
        answer = api.put(path, body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (409, "erased"), path
    item = {"system": "shop", "external_id": "4711", "name": "Ada"}
    many = api.post("/api/v1/customers/bulk/", {"items": [item]}, content_type="application/json")
    assert "erased" in many.content.decode()
    order = OrderDraft(placed_at=now, source="shop", external_id="1", number="1", customer_reference="4711")
    upsert_order(order, organization=organization, by=manager, now=now)
    assert Order.objects.get().customer_reference == ""
    assert not Customer.objects.exists()
