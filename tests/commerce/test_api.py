"""The API of commerce."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership, Organization
from apps.commerce import actions
from apps.commerce.models import Order, Product
from apps.customers.models import Customer
from tests.commerce.conftest import NOW, Place, line

ClientOf = Callable[[Membership], Client]
ORDER = {
    "placed_at": "2026-03-29T12:00:00Z",
    "external_id": "1001",
    "source": "shop",
    "lines": [{"quantity": "2", "unit_price": "12.50", "description": "Lamp"}],
}


@pytest.fixture
def api(client_of: ClientOf, manager: Membership) -> Client:
    return client_of(manager)


def send(client: Client, method: str, path: str, data: object, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return getattr(client, method)(f"/api/v1{path}", data, content_type="application/json", headers=named)


def test_order_is_made_read_and_made_again(api: Client) -> None:
    made = send(api, "post", "/orders/", ORDER)
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["total"], body["item_count"], body["lines"][0]["line_total"]) == ("25.00", "2", "25.00")
    read = api.get(f"/api/v1/orders/{body['id']}/")
    assert read["ETag"] == '"1"'
    assert read.json() == body
    again = send(api, "post", "/orders/", ORDER)
    assert again.json() == body
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"placed_at": "yesterday"}, "placed_at"),
        ({"customer_id": 10**9}, "customer_id"),
        ({"currency": "euro"}, "currency"),
        ({"lines": [{"quantity": "x", "unit_price": "1"}]}, "lines"),
        ({"lines": [{"quantity": "1", "unit_price": "0.00001"}]}, "lines"),
        ({"lines": [{"quantity": "1", "unit_price": "1e300"}]}, "lines"),
        ({"lines": [{"quantity": "9999999999", "unit_price": "9999999999"}]}, "lines"),
        ({"lines": "x"}, "lines"),
        ({"external_id": "a\u0000b"}, "external_id"),
        ({"branch_id": 2**63}, "branch_id"),
    ],
)
def test_order_that_cannot_be(api: Client, change: dict[str, Any], field: str) -> None:
    answer = send(api, "post", "/orders/", ORDER | change)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["errors"]
    assert Order.objects.count() == 0


def test_same_idempotency_key_gives_the_same_answer(api: Client) -> None:
    nameless = {name: value for name, value in ORDER.items() if name != "external_id"}
    first = send(api, "post", "/orders/", nameless, Idempotency_Key="k1")
    second = send(api, "post", "/orders/", nameless, Idempotency_Key="k1")
    assert second.json() == first.json()
    assert Order.objects.count() == 1


def test_bulk_answers_each_item(api: Client) -> None:
    items = [ORDER, ORDER | {"external_id": "2"}, {"placed_at": "x"}, ORDER | {"external_id": "3", "customer_id": 9}, 7]
    answer = send(api, "post", "/orders/bulk/", {"items": items}).json()
    assert [result["outcome"] for result in answer["results"]] == [
        "created", "created", "rejected", "rejected", "rejected",
    ]  # fmt: skip
    assert (answer["created"], answer["rejected"]) == (2, 3)
    assert answer["results"][3]["code"] == "no_such_customer"
    assert "placed_at" in answer["results"][2]["errors"]
    again = send(api, "post", "/orders/bulk/", {"items": items[:2]}).json()
    assert again["unchanged"] == 2


@pytest.mark.parametrize("body", [{}, {"items": []}, {"items": "x"}, [], {"items": [{}] * 501}])
def test_bulk_needs_a_list(api: Client, body: object) -> None:
    answer = send(api, "post", "/products/bulk/", body)
    assert answer.status_code == 400


def test_list_is_filtered_and_cut(api: Client, customer: Customer, product: Product, place: Place) -> None:
    place(external_id="1", number="A-1", customer_id=customer.pk)
    place(external_id="2", number="A-2", status="cancelled")
    place(external_id="3", number="B-1", lines=(line(product_external_id="p1"),))

    def numbers(query: str) -> list[str]:
        return [row["number"] for row in api.get(f"/api/v1/orders/?{query}").json()["results"]]

    assert numbers("") == ["B-1", "A-2", "A-1"]
    assert numbers("number=A") == ["A-2", "A-1"]
    assert numbers("status=cancelled") == ["A-2"]
    assert numbers(f"customer_id={customer.pk}") == ["A-1"]
    assert numbers(f"product_id={product.pk}") == ["B-1"]
    assert numbers("since=2026-03-30") == []
    assert numbers("since=2026-03-29&until=2026-03-29") == ["B-1", "A-2", "A-1"]
    first = api.get("/api/v1/orders/?limit=2").json()
    assert [row["number"] for row in api.get(first["next"]).json()["results"]] == ["A-1"]
    assert api.get("/api/v1/orders/?status=lost").status_code == 400


def test_change_needs_the_version_that_was_read(api: Client, place: Place) -> None:
    path = f"/orders/{place().pk}/"
    assert send(api, "patch", path, {"status": "shipped"}).status_code == 428
    assert send(api, "patch", path, {"status": "shipped"}, If_Match='"9"').status_code == 412
    changed = send(api, "patch", path, {"status": "shipped"}, If_Match='"1"')
    assert (changed.status_code, changed["ETag"], changed.json()["status"]) == (200, '"2"', "shipped")
    late = send(api, "patch", path, {"status": "completed"}, If_Match='"1"')
    assert late.status_code == 412
    assert late["Content-Type"] == "application/problem+json"
    assert api.get(f"/api/v1{path}", headers={"If-None-Match": '"2"'}).status_code == 304


def test_cancel_once(api: Client, place: Place) -> None:
    path = f"/orders/{place().pk}/cancel/"
    assert send(api, "post", path, {"reason": "x"}).json()["status"] == "cancelled"
    again = send(api, "post", path, {})
    assert (again.status_code, again.json()["code"]) == (409, "already_cancelled")


def test_payments_and_refunds(api: Client, place: Place) -> None:
    pk = place().pk
    paid = send(api, "post", f"/orders/{pk}/payments/", {"amount": "25", "paid_at": "2026-03-29T12:00:00Z"})
    assert (paid.status_code, paid.json()["amount"]) == (201, "25.00")
    back = {"amount": "5.5", "refunded_at": "2026-03-30T12:00:00Z", "reason": "Broken"}
    assert send(api, "post", f"/orders/{pk}/refunds/", back).status_code == 201
    assert send(api, "post", f"/orders/{pk}/refunds/", back | {"amount": "0"}).status_code == 400
    order = api.get(f"/api/v1/orders/{pk}/").json()
    assert (order["paid_total"], order["refunded_total"]) == ("25.00", "5.50")
    assert len(api.get(f"/api/v1/orders/{pk}/payments/").json()["results"]) == 1
    assert api.get(f"/api/v1/orders/{pk}/refunds/").json()["results"][0]["reason"] == "Broken"


def test_products_and_categories(api: Client) -> None:
    send(api, "post", "/categories/", {"name": "Lamps", "external_id": "c1", "source": "shop"})
    body = {"name": "Blue lamp", "external_id": "p1", "source": "shop", "category_external_id": "c1", "price": "0.001"}
    product = send(api, "post", "/products/", body).json()
    assert product["price"] == "0.001"
    path = f"/products/{product['id']}/"
    changed = send(api, "patch", path, {"price": "3", "name": "Red lamp"}, If_Match='"1"').json()
    assert (changed["price"], changed["name"], changed["category_id"]) == ("3.00", "Red lamp", product["category_id"])
    assert send(api, "patch", path, {"price": None}, If_Match='"2"').json()["price"] is None
    found = api.get(f"/api/v1/products/?q=red&category_id={product['category_id']}&is_active=true").json()["results"]
    assert [row["id"] for row in found] == [product["id"]]
    below = send(api, "post", "/categories/", {"name": "Desk", "parent_id": product["category_id"]}).json()
    circle = send(api, "patch", f"/categories/{product['category_id']}/", {"parent_id": below["id"]}, If_Match="*")
    assert circle.status_code == 400
    moved = send(api, "patch", f"/categories/{below['id']}/", {"parent_id": None}, If_Match="*")
    assert moved.json()["parent_id"] is None
    assert len(api.get("/api/v1/categories/").json()["results"]) == 2


def test_stranger_finds_nothing(client_of: ClientOf, stranger: Membership, place: Place, product: Product) -> None:
    theirs, order = client_of(stranger), place()
    for path in (f"/orders/{order.pk}/", f"/orders/{order.pk}/payments/", f"/products/{product.pk}/"):
        assert theirs.get(f"/api/v1{path}").status_code == 404
    assert theirs.get("/api/v1/orders/").json()["results"] == []
    assert send(theirs, "patch", f"/orders/{order.pk}/", {"status": "shipped"}, If_Match="*").status_code == 404
    assert send(theirs, "post", f"/orders/{order.pk}/cancel/", {}).status_code == 404
    order.refresh_from_db()
    assert order.status == "completed"


def test_same_natural_key_in_two_organisations(
    client_of: ClientOf, stranger: Membership, organization: Organization, place: Place
) -> None:
    place(lines=(line("1", "7"),))
    assert send(client_of(stranger), "post", "/orders/", ORDER).status_code == 201
    assert Order.objects.owned_by(organization).get().total == Decimal(7)


def test_who_may_look_may_not_change(client_of: ClientOf, member: Membership, place: Place) -> None:
    agent, order = client_of(member), place()
    assert agent.get(f"/api/v1/orders/{order.pk}/").status_code == 200
    assert send(agent, "post", "/orders/", ORDER).status_code == 403
    assert send(agent, "patch", f"/orders/{order.pk}/", {"status": "shipped"}, If_Match="*").status_code == 403
    assert send(agent, "post", "/orders/bulk/", {"items": [ORDER]}).status_code == 403


def test_many_statements_are_not_needed_for_a_page(
    api: Client, place: Place, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(20):
        place(external_id=str(number))
    api.get("/api/v1/orders/")
    with django_assert_max_num_queries(4):
        assert len(api.get("/api/v1/orders/").json()["results"]) == 20


def test_upsert_of_product_keeps_strangers_category_out(
    api: Client, stranger: Membership, organization: Organization
) -> None:
    draft = actions.CategoryDraft(name="Theirs")
    theirs = actions.upsert_category(draft, organization=stranger.organization, by=stranger, now=NOW)
    answer = send(api, "post", "/products/", {"name": "x", "category_id": theirs.pk})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["category_id"])
