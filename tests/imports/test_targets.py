from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from apps.accounts.models import Organization
from apps.commerce.models import Order, OrderLine, Payment, Product
from apps.core.audit import System
from apps.customers.models import Customer, CustomField, Identifier
from apps.imports import actions
from apps.imports.models import ImportRun, RunState
from tests.imports.conftest import Bring

pytestmark = pytest.mark.django_db

CUSTOMERS = """Customer ID,First name,Last name,E-mail,Phone,Shoe size
17,Ann,Lee,Ann@Example.com,+49 151 23456789,38
18,Bob,May,bob@example.com,,44
19,,,not-an-address,,
20,Cy,,,+1,
"""
LINES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,71053,"METAL ""LANTERN""
two lines",6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
536365,71053,"METAL ""LANTERN""
two lines",6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
C536366,85123A,WHITE HEART,-1,2010-12-01 09:00:00,2.55,,United Kingdom
536367,22633,HAND WARMER,six,2010-12-01 08:28:00,1.85,17850.0,United Kingdom
536368,22633,HAND WARMER,0,30.02.2024,1.85,13047.0,United Kingdom
"""


def test_customers_come_in_with_their_fields_and_names(bring: Bring, organization: Organization) -> None:
    CustomField.objects.create(organization=organization, key="shoe_size", label="Shoe size", kind="number")
    run = bring("customers", CUSTOMERS)
    assert run.state == RunState.DONE, run.error
    assert run.counters == {"rows": 4, "created": 2, "updated": 0, "unchanged": 0, "withheld": 0, "rejected": 2}
    ann = Customer.objects.get(email="ann@example.com")
    assert (ann.name, ann.mobile, ann.custom) == ("Ann Lee", "+4915123456789", {"shoe_size": 38.0})
    known = Identifier.objects.filter(customer=ann).values_list("kind", "value", "system")
    assert set(known) == {
        ("external", "17", "file"),
        ("email", "ann@example.com", ""),
        ("phone", "+4915123456789", ""),
    }


def test_the_same_file_twice_changes_nothing(bring: Bring) -> None:
    bring("customers", CUSTOMERS)
    before = list(Customer.objects.order_by("pk").values())
    again = bring("customers", CUSTOMERS)
    assert (again.created, again.updated, again.unchanged, again.rejected) == (0, 0, 2, 2)
    assert list(Customer.objects.order_by("pk").values()) == before


def test_a_changed_row_updates_and_an_empty_cell_empties_nothing(bring: Bring) -> None:
    bring("customers", CUSTOMERS)
    run = bring("customers", "customer id,name,email,phone\n17,Ann Smith,ann@example.com,\n")
    assert (run.created, run.updated) == (0, 1)
    ann = Customer.objects.get(email="ann@example.com")
    assert (ann.name, ann.mobile) == ("Ann Smith", "+4915123456789")


def test_two_sources_that_speak_of_one_customer_are_joined(bring: Bring) -> None:
    bring("customers", CUSTOMERS, source="shop")
    run = bring("customers", "id,email,name\nA-1,ann@example.com,Ann\n", source="crm")
    assert run.created == 1
    assert Customer.objects.heads().filter(email="ann@example.com").count() == 1
    assert Customer.objects.count() == 3


def test_lines_make_orders_products_and_customers(bring: Bring) -> None:
    run = bring("", LINES)
    assert run.layout == "online_retail"
    assert run.target == "order_lines"
    assert run.counters == {"rows": 6, "created": 4, "updated": 0, "unchanged": 0, "withheld": 0, "rejected": 2}
    order = Order.objects.get(number="536365")
    assert (order.total, order.line_count, order.item_count) == (Decimal("55.98"), 3, Decimal(18))
    assert order.customer is not None
    assert order.customer.name == "17850.0"
    assert order.currency == "GBP"
    assert Order.objects.get(number="C536366").customer is None
    assert Product.objects.count() == 2
    again = bring("", LINES)
    assert (again.created, again.updated, again.unchanged, again.rejected) == (0, 0, 4, 2)
    assert OrderLine.objects.aggregate(total=Sum("line_total"))["total"] == Decimal("53.43")


def test_the_error_file_tells_why_and_completes_the_import_when_it_is_corrected(bring: Bring) -> None:
    run = bring("", LINES)
    assert run.error_file is not None
    rows = list(csv.DictReader(io.StringIO(run.error_file.read_text(encoding="utf-8-sig"))))
    assert [(row["_row"], row["_column"], row["_value"], row["_code"]) for row in rows] == [
        ("6", "Quantity", "six", "bad_number"),
        ("7", "InvoiceDate", "30.02.2024", "bad_date"),
    ]
    text = run.error_file.read_text(encoding="utf-8-sig").replace(",six,", ",6,").replace("30.02.2024", "2024-02-29")
    second = bring("", text)
    assert (second.state, second.corrects) == (RunState.DONE, run)
    assert (second.created, second.rejected) == (2, 0)
    assert OrderLine.objects.count() == 6


def test_payments_wait_for_their_orders(bring: Bring) -> None:
    paid = bring(
        "payments",
        "order_id,payment_sequential,payment_type,payment_installments,payment_value\na1,1,credit_card,2,128.45\na1,2,voucher,1,1.5\n",
    )
    assert (paid.layout, paid.created) == ("olist_payments", 2)
    assert Payment.objects.filter(order=None).count() == 2
    bring(
        "orders",
        "order_id,customer_id,order_status,order_purchase_timestamp\na1,c1,delivered,2017-07-09 21:57:05\n",
    )
    order = Order.objects.get()
    assert (order.number, order.paid_total, order.status, order.currency) == (
        "a1",
        Decimal("129.95"),
        "completed",
        "BRL",
    )


def test_orders_without_a_number_are_known_by_customer_and_moment(bring: Bring) -> None:
    content = " customer_id  date number_of_cds  dollar_value\n 00001 19970101  1   11.77\n 00001 19970101  2   12.00\n"
    run = bring("", content)
    assert (run.layout, run.created, run.rejected) == ("cdnow", 2, 0)
    assert Customer.objects.count() == 1
    assert bring("", content).unchanged == 2


def test_undo_takes_everything_back(bring: Bring, organization: Organization) -> None:
    first = bring("customers", CUSTOMERS)
    kept = list(Customer.objects.order_by("pk").values("pk", "name", "email", "mobile", "custom"))
    second = bring("customers", "customer id,name,email\n17,Ann Smith,ann@example.com\n30,Di,di@example.com\n")
    assert (second.created, second.updated) == (1, 1)
    _undo(second)
    assert second.state == RunState.UNDONE, second.error
    assert list(Customer.objects.order_by("pk").values("pk", "name", "email", "mobile", "custom")) == kept
    lines = bring("", LINES)
    _undo(lines)
    assert lines.state == RunState.UNDONE, lines.error
    assert (Order.objects.count(), OrderLine.objects.count(), Product.objects.count()) == (0, 0, 0)
    assert Customer.objects.count() == 2
    _undo(first)
    assert first.state == RunState.UNDONE, first.error
    assert not Customer.objects.exists()


def test_undo_refuses_where_later_work_stands_on_it(bring: Bring) -> None:
    first = bring("customers", "customer id,name,email\n17,Ann,ann@example.com\n", source="shop")
    bring("orders", "order id,customer id,date,total\no1,17,2024-05-01,10\n", source="shop")
    _undo(first)
    assert (first.state, first.error_code) == (RunState.DONE, "in_use")
    assert Customer.objects.count() == 1


def _undo(run: ImportRun) -> None:
    actions.work_on(actions.undo(run, by=System("test"), now=timezone.now()), now=timezone.now())
    run.refresh_from_db()
