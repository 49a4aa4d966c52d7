"""Files that are known by the names of their columns: shops, help desks and public data sets.

A layout names the target, the system, and which column fills which field; names are compared as `mapping.plain` writes
them. Targets that no app registers are recognised and said to be absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Layout:
    """`signature`: columns that together tell this file from every other one."""

    key: str
    label: str
    target: str
    source: str
    signature: tuple[str, ...]
    mapping: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict)


LAYOUTS = (
    Layout(
        "shopify_orders", "Shopify orders", "orders", "shopify",
        ("name", "email", "financial status", "lineitem name", "lineitem quantity"),
        {"number": "Name", "email": "Email", "placed_at": "Created at", "currency": "Currency", "subtotal": "Subtotal",
         "shipping_total": "Shipping", "tax_total": "Taxes", "total": "Total", "discount_total": "Discount Amount",
         "status": "Fulfillment Status", "cancelled_at": "Cancelled at"},
    ),
    Layout(
        "shopify_customers", "Shopify customers", "customers", "shopify",
        ("first name", "last name", "email", "accepts email marketing", "total spent"),
        {"external_id": "Customer ID", "first_name": "First Name", "last_name": "Last Name", "email": "Email",
         "mobile": "Phone"},
    ),
    Layout(
        "woocommerce_orders", "WooCommerce orders", "orders", "woocommerce",
        ("order number", "order status", "order date", "order total amount"),
        {"number": "Order Number", "status": "Order Status", "placed_at": "Order Date", "total": "Order Total Amount",
         "shipping_total": "Order Shipping Amount", "email": "Email (Billing)", "currency": "Order Currency"},
    ),
    Layout(
        "woocommerce_customers", "WooCommerce customers", "customers", "woocommerce",
        ("username", "last active", "registered", "email", "aov"),
        {"external_id": "Username", "name": "Name", "email": "Email"},
    ),
    Layout(
        "zendesk_tickets", "Zendesk tickets", "tickets", "zendesk",
        ("subject", "requester", "status", "priority", "assignee", "via"), {},
    ),
    Layout(
        "freshdesk_tickets", "Freshdesk tickets", "tickets", "freshdesk",
        ("ticket id", "subject", "status", "priority", "agent", "group"), {},
    ),
    Layout(
        "online_retail", "Online Retail", "order_lines", "online_retail",
        ("invoiceno", "stockcode", "description", "quantity", "invoicedate", "unitprice", "customerid"),
        {"order_number": "InvoiceNo", "sku": "StockCode", "description": "Description", "quantity": "Quantity",
         "occurred_at": "InvoiceDate", "unit_price": "UnitPrice", "customer_id": "CustomerID"},
        {"currency": "GBP"},
    ),
    Layout(
        "online_retail_2", "Online Retail II", "order_lines", "online_retail",
        ("invoice", "stockcode", "description", "quantity", "invoicedate", "price", "customer id"),
        {"order_number": "Invoice", "sku": "StockCode", "description": "Description", "quantity": "Quantity",
         "occurred_at": "InvoiceDate", "unit_price": "Price", "customer_id": "Customer ID"},
        {"currency": "GBP"},
    ),
    Layout(
        "olist_orders", "Olist orders", "orders", "olist",
        ("order id", "customer id", "order status", "order purchase timestamp"),
        {"number": "order_id", "customer_id": "customer_id", "status": "order_status",
         "placed_at": "order_purchase_timestamp"},
        {"currency": "BRL"},
    ),
    Layout(
        "olist_customers", "Olist customers", "customers", "olist",
        ("customer id", "customer unique id", "customer city", "customer state"),
        {"external_id": "customer_id", "person_id": "customer_unique_id"},
    ),
    Layout(
        "olist_items", "Olist order items", "order_lines", "olist",
        ("order id", "order item id", "product id", "price", "freight value"),
        {"order_number": "order_id", "line_number": "order_item_id", "sku": "product_id", "unit_price": "price"},
        {"quantity": "1", "currency": "BRL"},
    ),
    Layout(
        "olist_payments", "Olist payments", "payments", "olist",
        ("order id", "payment sequential", "payment type", "payment value"),
        {"order_number": "order_id", "sequence": "payment_sequential", "kind": "payment_type",
         "amount": "payment_value"},
        {"currency": "BRL"},
    ),
    Layout(
        "olist_products", "Olist products", "products", "olist",
        ("product id", "product category name", "product weight g"),
        {"external_id": "product_id", "category": "product_category_name"},
    ),
    Layout(
        "olist_reviews", "Olist reviews", "reviews", "olist",
        ("review id", "order id", "review score", "review comment message"),
        {"external_id": "review_id", "order_number": "order_id", "rating": "review_score",
         "title": "review_comment_title", "comment": "review_comment_message", "answered_at": "review_creation_date"},
    ),
    Layout(
        "cdnow", "CDNOW", "orders", "cdnow",
        ("customer id", "date", "number of cds", "dollar value"),
        {"customer_id": "customer_id", "placed_at": "date", "item_count": "number_of_cds", "total": "dollar_value"},
        {"currency": "USD"},
    ),
    Layout(
        "telco", "Telco customers", "customers", "telco",
        ("customerid", "gender", "seniorcitizen", "tenure", "monthlycharges", "totalcharges"),
        {"external_id": "customerID"},
    ),
    Layout(
        "clothing_reviews", "Clothing reviews", "reviews", "clothing_reviews",
        ("clothing id", "review text", "rating", "class name"),
        {"external_id": "row_index", "rating": "rating", "title": "title", "comment": "review_text"},
        {"customer_id": "reviewers"},
    ),
)  # fmt: skip
ABSENT = {"tickets": _("Tickets of a help desk cannot be imported yet; the file is recognised.")}


def by_key(key: str) -> Layout | None:
    """The layout of this key."""
    return next((layout for layout in LAYOUTS if layout.key == key), None)


def recognise(plain_names: Sequence[str]) -> Layout | None:
    """The layout with the most telling signature that these columns hold whole."""
    have = set(plain_names)
    fitting = [layout for layout in LAYOUTS if have.issuperset(layout.signature)]
    return max(fitting, key=lambda layout: len(layout.signature), default=None)
