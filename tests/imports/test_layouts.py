from __future__ import annotations

from decimal import Decimal

import pytest

from apps.commerce.models import Order
from apps.core.refused import Refused
from apps.customers.models import Customer, Identifier
from tests.imports.conftest import Bring

pytestmark = pytest.mark.django_db

SHOPIFY_ORDERS = """Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,\
Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Cancelled at
#1001,ann@example.com,paid,2024-05-01 10:00:00 +0200,fulfilled,EUR,30.00,5.00,0.00,32.00,SPRING,3.00,\
2024-05-01 10:00:00 +0200,1,Frame,20.00,F-1,
#1001,ann@example.com,,,,,,,,,,,,2,Cloth,5.00,C-1,
#1002,bob@example.com,paid,,unfulfilled,EUR,9.00,0.00,0.00,9.00,,0.00,2024-05-02 11:30:00 +0200,1,Case,9.00,K-1,
#1003,cy@example.com,paid,,unfulfilled,EUR,nine,0.00,0.00,9.00,,0.00,2024-05-02 11:30:00 +0200,1,Case,9.00,K-1,
#1003,cy@example.com,,,,,,,,,,,,1,Cloth,5.00,C-1,
"""
SHOPIFY_CUSTOMERS = """Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Phone,\
Accepts SMS Marketing,Total Spent,Total Orders
'7001,Ann,Lee,ann@example.com,yes,,+4915123456789,no,52.00,2
'7002,Bob,May,bob@example.com,no,,,no,9.00,1
"""
WOO_ORDERS = """Order Number,Order Status,Order Date,Email (Billing),Order Currency,Order Shipping Amount,\
Order Total Amount
5001,wc-completed,2024-05-01 10:00,ann@example.com,EUR,4.90,24.90
5002,on-hold,2024-05-02 10:00,bob@example.com,EUR,0,12.00
"""
WOO_CUSTOMERS = """Name,Username,Last Active,Registered,Email,Orders,Total Spend,AOV,Country / Region
Ann Lee,ann,2024-05-01,2024-01-01 08:00:00,ann@example.com,2,37.90,18.95,DE
"""


def test_shopify_orders_with_a_row_for_each_line_are_one_order(bring: Bring) -> None:
    run = bring("", SHOPIFY_ORDERS)
    assert (run.layout, run.target, run.source) == ("shopify_orders", "orders", "shopify")
    assert (run.rows, run.created, run.unchanged, run.rejected) == (5, 2, 1, 2), run.error
    order = Order.objects.get(number="#1001")
    assert (order.total, order.discount_total, order.shipping_total) == (Decimal(32), Decimal(3), Decimal(5))
    assert f"{order.placed_at:%Y-%m-%d %H:%M}" == "2024-05-01 08:00"
    assert (order.status, order.currency) == ("completed", "EUR")
    assert order.customer is not None
    assert order.customer.email == "ann@example.com"
    again = bring("", SHOPIFY_ORDERS)
    assert (again.created, again.updated, again.unchanged, again.rejected) == (0, 0, 3, 2)


def test_shopify_customers(bring: Bring) -> None:
    run = bring("", SHOPIFY_CUSTOMERS)
    assert (run.layout, run.created, run.rejected) == ("shopify_customers", 2, 0), run.error
    ann = Customer.objects.get(email="ann@example.com")
    assert (ann.name, ann.mobile) == ("Ann Lee", "+4915123456789")
    assert Identifier.objects.filter(customer=ann, kind="external", value="7001").exists()


def test_woocommerce_orders_and_customers(bring: Bring) -> None:
    customers = bring("", WOO_CUSTOMERS)
    assert (customers.layout, customers.created) == ("woocommerce_customers", 1), customers.error
    run = bring("", WOO_ORDERS)
    assert (run.layout, run.created, run.rejected) == ("woocommerce_orders", 2, 0), run.error
    order = Order.objects.get(number="5001")
    assert (order.status, order.total, order.shipping_total) == ("completed", Decimal("24.90"), Decimal("4.90"))
    assert order.customer == Customer.objects.get(email="ann@example.com")


@pytest.mark.parametrize(
    "head",
    ["Subject,ID,Requester,Status,Priority,Assignee,Via,Created at", "Ticket ID,Subject,Status,Priority,Agent,Group"],
    ids=["zendesk", "freshdesk"],
)
def test_tickets_are_recognised_and_said_to_come_later(bring: Bring, head: str) -> None:
    with pytest.raises(Refused) as refused:
        bring("", f"{head}\n{','.join('x' for _ in head.split(','))}\n")
    assert refused.value.code == "target_absent"
