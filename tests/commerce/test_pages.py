"""The pages of commerce: whole, as a fragment, for strangers and without permission."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership, Organization
from apps.accounts.permissions import Role
from apps.commerce import actions
from apps.commerce.actions import CategoryDraft, PaymentDraft, RefundDraft
from apps.commerce.models import OrderStatus, Product
from apps.customers.models import Customer
from tests.commerce.conftest import NOW, Place, line
from tests.conftest import make_member

ClientOf = Callable[[Membership], Client]
ROWS = {"HX-Request": "true", "HX-Target": "rows"}


def text(client: Client, path: str, **options: Any) -> str:
    response = client.get(path, **options)
    assert response.status_code == 200
    return response.content.decode()


def test_list_and_its_fragment(client_of: ClientOf, viewer: Membership, customer: Customer, place: Place) -> None:
    place(number="A-77", customer_id=customer.pk)
    client = client_of(viewer)
    page, rows = text(client, "/orders/"), text(client, "/orders/", headers=ROWS)
    for part in (page, rows):
        assert "A-77" in part
        assert "Grace Hopper" in part
        assert "25.00 EUR" in part
    assert "<html" in page
    assert "<html" not in rows


def test_filters(client_of: ClientOf, viewer: Membership, customer: Customer, product: Product, place: Place) -> None:
    place(external_id="1", number="A-77", customer_id=customer.pk)
    place(external_id="2", number="B-88", status=OrderStatus.CANCELLED, lines=(line(product_external_id="p1"),))
    client = client_of(viewer)
    for query, number in (
        ("number=B", "B-88"), ("status=cancelled", "B-88"), (f"customer={customer.pk}", "A-77"),
        (f"product={product.pk}", "B-88"),
    ):  # fmt: skip
        rows = text(client, f"/orders/?{query}", headers=ROWS)
        assert [name for name in ("A-77", "B-88") if name in rows] == [number], query
    assert "Customer: Grace Hopper" in text(client, f"/orders/?customer={customer.pk}", headers=ROWS)
    assert "No order fits" in text(client, "/orders/?since=2027-01-01")
    for odd in ("since=x", "customer=x", "customer=99999999999999999999", "number=%00", "status=lost", "product=0"):
        assert client.get(f"/orders/?{odd}").status_code == 200, odd


def test_bad_cursor_starts_again(client_of: ClientOf, viewer: Membership) -> None:
    assert client_of(viewer).get("/orders/?cursor=x&number=A")["Location"] == "/orders/?number=A"


def test_older_pages(client_of: ClientOf, viewer: Membership, place: Place) -> None:
    for number in range(51):
        place(external_id=str(number), number=f"N-{number:03}")
    rows = text(client_of(viewer), "/orders/", headers=ROWS)
    assert "N-050" in rows
    assert "N-000" not in rows
    assert "cursor=" in rows


def test_export_runs_no_formula(client_of: ClientOf, viewer: Membership, place: Place) -> None:
    place(external_id="1", number="=1+1", lines=(line("-1", "5"),))
    response = client_of(viewer).get("/orders/export/?number==1")
    body = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    [row] = csv.DictReader(io.StringIO(body))
    assert (row["number"], row["total"], row["items"]) == ("'=1+1", "-5.0000", "-1.000")


def test_one_order(
    client_of: ClientOf, manager: Membership, customer: Customer, product: Product, place: Place
) -> None:
    order = place(
        customer_id=customer.pk, shipping_total=Decimal("4.9"),
        lines=(line("2", "0.001", product_external_id="p1"), line("-1", "5", description="<b>Old</b> lamp")),
    )  # fmt: skip
    actions.record_payment(order, PaymentDraft(amount=Decimal(7), paid_at=NOW, kind="card"), by=manager, now=NOW)
    refund = RefundDraft(amount=Decimal(2), refunded_at=NOW, reason="Broken")
    actions.record_refund(order, refund, by=manager, now=NOW)
    page = text(client_of(manager), f"/orders/{order.pk}/")
    for words in ("Blue lamp", "0.001 EUR", "&lt;b&gt;Old&lt;/b&gt; lamp", "7.00 EUR", "Credit card", "Broken"):
        assert words in page
    assert f"/customers/{customer.pk}/" in page
    assert f"/orders/{order.pk}/cancel/" in page


def test_cancelling(client_of: ClientOf, manager: Membership, place: Place) -> None:
    order, client = place(), client_of(manager)
    assert "no longer counts" in text(client, f"/orders/{order.pk}/cancel/")
    assert client.post(f"/orders/{order.pk}/cancel/", {"reason": ""}).status_code == 422
    assert client.post(f"/orders/{order.pk}/cancel/", {"reason": "Sold out"}).status_code == 302
    order.refresh_from_db()
    assert order.is_cancelled
    assert client.post(f"/orders/{order.pk}/cancel/", {"reason": "Again"}).status_code == 422
    assert f"/orders/{order.pk}/cancel/" not in text(client, f"/orders/{order.pk}/")


def test_who_may_look_may_not_cancel(client_of: ClientOf, viewer: Membership, place: Place) -> None:
    order, client = place(), client_of(viewer)
    assert client.post(f"/orders/{order.pk}/cancel/", {"reason": "x"}).status_code == 403
    assert f"/orders/{order.pk}/cancel/" not in text(client, f"/orders/{order.pk}/")


def test_products_and_categories(
    client_of: ClientOf, organization: Organization, manager: Membership, product: Product, place: Place
) -> None:
    lamps = actions.upsert_category(CategoryDraft(name="Lamps"), organization=organization, by=manager, now=NOW)
    desk = CategoryDraft(name="Desk lamps", parent_id=lamps.pk)
    below = actions.upsert_category(desk, organization=organization, by=manager, now=NOW)
    Product.objects.filter(pk=product.pk).update(category=below)
    place(number="A-77", lines=(line("3", "10", product_external_id="p1"),))
    client = client_of(manager)
    assert "Blue lamp" in text(client, "/products/")
    assert "Blue lamp" in text(client, f"/products/?q=LAMP+blue&category={lamps.pk}&on_sale=yes", headers=ROWS)
    assert "No product fits" in text(client, "/products/?on_sale=no")
    page = text(client, f"/products/{product.pk}/")
    for words in ("L-1", "Desk lamps", "12.50 EUR", "30.00 EUR", "A-77"):
        assert words in page
    tree = text(client, "/products/categories/")
    assert tree.index("Lamps") < tree.index("Desk lamps")
    assert "1 product<" in tree


@pytest.mark.usefixtures("organization")
@pytest.mark.parametrize("path", ["/orders/", "/products/", "/products/categories/"])
def test_empty_pages_say_what_to_do(client_of: ClientOf, viewer: Membership, path: str) -> None:
    assert "through the API" in text(client_of(viewer), path)


def test_stranger_finds_nothing(client_of: ClientOf, stranger: Membership, product: Product, place: Place) -> None:
    order, client = place(), client_of(stranger)
    for path in (f"/orders/{order.pk}/", f"/orders/{order.pk}/cancel/", f"/products/{product.pk}/"):
        assert client.get(path).status_code == 404
    assert order.number not in text(client, "/orders/")
    assert "Blue lamp" not in text(client, "/products/")


def test_vendors_see_no_orders(client_of: ClientOf, organization: Organization, place: Place) -> None:
    order, client = place(), client_of(make_member(organization, Role.VENDOR))
    for path in ("/orders/", "/orders/export/", f"/orders/{order.pk}/", "/products/", "/products/categories/"):
        assert client.get(path).status_code == 403


def test_panel_on_the_customers_page(
    client_of: ClientOf, manager: Membership, organization: Organization, customer: Customer, place: Place
) -> None:
    for number in range(6):
        place(external_id=str(number), number=f"N-{number}", customer_id=customer.pk, lines=(line("1", "10"),))
    cancelled = place(external_id="c", number="N-C", customer_id=customer.pk, status=OrderStatus.CANCELLED)
    order = place(external_id="5")
    actions.record_refund(order, RefundDraft(amount=Decimal(3), refunded_at=NOW), by=manager, now=NOW)
    page = text(client_of(manager), f"/customers/{customer.pk}/?panels=all")
    assert cancelled.number in page
    assert "N-1" not in page
    assert f"/orders/?customer={customer.pk}" in page


def test_order_is_found_from_anywhere(
    client_of: ClientOf, viewer: Membership, stranger: Membership, organization: Organization, place: Place
) -> None:
    place(number="SH-1001")
    options = {"HX-Request": "true", "HX-Target": "search_options"}
    for words in ("SH-1001", "SH-1", "#SH-10"):
        assert "Order SH-1001" in text(client_of(viewer), "/search/", query_params={"q": words}, headers=options)
    assert "SH-1001" not in text(client_of(stranger), "/search/", query_params={"q": "SH-10"}, headers=options).replace(
        'value="SH-10', ""
    )
    vendor = make_member(organization, Role.CAMPAIGN_MANAGER)
    assert "Order SH-1001" in text(client_of(vendor), "/search/", query_params={"q": "SH-1"}, headers=options)
