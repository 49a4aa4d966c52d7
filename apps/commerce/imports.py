"""Products, orders, order lines and payments from files."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.commerce.importing import lines, orders, payments, products
from apps.commerce.models import OrderChannel, OrderStatus, PaymentKind
from apps.imports.target import Field, Kind, Target

ORDER_NUMBER = Field(
    "order_number",
    _("Order number"),
    max_length=100,
    is_required=True,
    synonyms=("order", "order id", "orderid", "invoice", "invoiceno", "invoice number", "bestellnummer", "auftrag",
              "rechnungsnummer", "numéro de commande", "pedido"),
)  # fmt: skip
CUSTOMER_ID = Field(
    "customer_id",
    _("Customer number"),
    max_length=100,
    synonyms=("customer", "customerid", "kundennummer", "client id"),
)
CURRENCY = Field("currency", _("Currency"), Kind.TEXT, max_length=3, synonyms=("währung", "devise", "moneda"))

STATUSES = {
    "pending": OrderStatus.PENDING, "created": OrderStatus.PENDING, "on hold": OrderStatus.PENDING,
    "on-hold": OrderStatus.PENDING, "unfulfilled": OrderStatus.PENDING, "offen": OrderStatus.PENDING,
    "processing": OrderStatus.PROCESSING, "approved": OrderStatus.PROCESSING, "invoiced": OrderStatus.PROCESSING,
    "partial": OrderStatus.PROCESSING, "paid": OrderStatus.PROCESSING, "in bearbeitung": OrderStatus.PROCESSING,
    "shipped": OrderStatus.SHIPPED, "versendet": OrderStatus.SHIPPED,
    "completed": OrderStatus.COMPLETED, "complete": OrderStatus.COMPLETED, "delivered": OrderStatus.COMPLETED,
    "fulfilled": OrderStatus.COMPLETED, "abgeschlossen": OrderStatus.COMPLETED, "refunded": OrderStatus.COMPLETED,
    "cancelled": OrderStatus.CANCELLED, "canceled": OrderStatus.CANCELLED, "unavailable": OrderStatus.CANCELLED,
    "failed": OrderStatus.CANCELLED, "voided": OrderStatus.CANCELLED, "storniert": OrderStatus.CANCELLED,
    "restocked": OrderStatus.CANCELLED,
}  # fmt: skip
# WooCommerce writes its own sign before each of them.
STATUSES |= {f"wc-{name.replace(' ', '-')}": status for name, status in STATUSES.items()}
PAID_BY = {
    "credit_card": PaymentKind.CARD, "credit card": PaymentKind.CARD, "kreditkarte": PaymentKind.CARD,
    "visa": PaymentKind.CARD, "mastercard": PaymentKind.CARD, "debit_card": PaymentKind.DEBIT_CARD,
    "debit card": PaymentKind.DEBIT_CARD, "boleto": PaymentKind.SLIP, "bank transfer": PaymentKind.TRANSFER,
    "überweisung": PaymentKind.TRANSFER, "paypal": PaymentKind.WALLET, "apple pay": PaymentKind.WALLET,
    "google pay": PaymentKind.WALLET, "cash": PaymentKind.CASH, "bar": PaymentKind.CASH,
    "gutschein": PaymentKind.VOUCHER,
    "gift card": PaymentKind.VOUCHER, "not_defined": PaymentKind.OTHER,
}  # fmt: skip


def money(key: str, label: object, *synonyms: str, is_required: bool = False) -> Field:
    """An amount; four places are kept."""
    return Field(key, label, Kind.DECIMAL, is_required=is_required, places=4, synonyms=synonyms)  # type: ignore[arg-type]


PRODUCTS = Target(
    key="products",
    label=_("Products"),
    order=20,
    fields=(
        Field("external_id", _("Product number"), max_length=100, is_required=True,
              synonyms=("id", "product id", "sku", "stockcode", "artikelnummer", "handle", "référence")),
        Field("name", _("Name"), max_length=300,
              synonyms=("title", "product", "product name", "bezeichnung", "artikel")),
        Field("sku", _("Article number"), max_length=100, synonyms=("variant sku",)),
        Field("category", _("Category"),
              synonyms=("kategorie", "type", "product type", "product category", "catégorie")),
        money("price", _("Price"), "preis", "unit price", "variant price", "prix", "precio"),
        CURRENCY,
        Field("is_active", _("On sale"), Kind.BOOLEAN, synonyms=("active", "published", "aktiv")),
    ),
    natural_key=("external_id",),
    store=products.store_products,
)  # fmt: skip

ORDERS = Target(
    key="orders",
    label=_("Orders"),
    help=_("One row for each order. Without an order number, customer and date make one."),
    order=30,
    fields=(
        Field("number", _("Order number"), max_length=100, synonyms=(*ORDER_NUMBER.synonyms, "name", "order number")),
        Field("placed_at", _("Placed"), Kind.DATETIME, is_required=True,
              synonyms=("date", "order date", "created at", "datum", "bestelldatum", "invoice date", "fecha")),
        CUSTOMER_ID,
        Field("email", _("E-mail"), Kind.EMAIL, synonyms=("customer email", "email (billing)", "billing email")),
        Field("status", _("Status"), Kind.CHOICE, choices=STATUSES, synonyms=("order status", "zustand")),
        Field("channel", _("Channel"), Kind.CHOICE, choices={**{value: value for value in OrderChannel.values if value},
              "web": "online", "shop": "store", "pos": "store"}, synonyms=("kanal",)),
        CURRENCY,
        money("subtotal", _("Lines"), "zwischensumme"),
        money("discount_total", _("Discount"), "discount", "rabatt", "discount amount"),
        money("shipping_total", _("Shipping"), "shipping", "versand", "freight"),
        money("tax_total", _("Tax on top"), "tax", "taxes", "mwst"),
        money("total", _("Total"), "order total", "amount", "betrag", "summe", "revenue", "gesamt"),
        Field("item_count", _("Items"), Kind.DECIMAL, places=3, synonyms=("quantity", "items", "anzahl")),
        Field("cancelled_at", _("Cancelled"), Kind.DATETIME, synonyms=("storniert am",)),
        Field("is_test", _("Test order"), Kind.BOOLEAN, synonyms=("test",)),
    ),
    natural_key=("number",),
    carried_by="number",
    needs_one_of=("number", "customer_id", "email"),
    prepare=orders.prepare_orders,
    store=orders.store_orders,
    finish=orders.finish_orders,
    before_undo=orders.part,
    belongings=("customers.Identifier", "customers.SearchTerm", "customers.IdentityChange", "customers.Customer",
                "customers.DuplicateSuggestion", "customers.TimelineEntry"),
)  # fmt: skip

LINES = Target(
    key="order_lines",
    label=_("Order lines"),
    help=_("One row for each line. Orders, products and customers that are not there yet are made from it."),
    order=40,
    fields=(
        ORDER_NUMBER,
        Field("line_number", _("Line"), Kind.INTEGER, minimum=0, maximum=2_000_000_000,
              synonyms=("line", "position", "pos", "order item id", "line id")),
        Field("sku", _("Product number"), max_length=100,
              synonyms=("product id", "stockcode", "article", "artikelnummer", "lineitem sku", "item")),
        Field("description", _("What"), max_length=300,
              synonyms=("description", "lineitem name", "bezeichnung", "name")),
        Field("quantity", _("Quantity"), Kind.DECIMAL, places=3, is_required=True,
              synonyms=("qty", "menge", "anzahl", "lineitem quantity", "quantité", "cantidad")),
        money("unit_price", _("Unit price"), "price", "preis", "einzelpreis", "lineitem price", "unitprice", "prix",
              is_required=True),
        money("discount", _("Discount"), "rabatt", "line discount"),
        Field("occurred_at", _("When"), Kind.DATETIME,
              synonyms=("date", "invoice date", "invoicedate", "datum", "order date", "placed at", "timestamp")),
        CUSTOMER_ID,
        CURRENCY,
    ),
    natural_key=("order_number", "line_number"),
    prepare=lines.prepare_lines,
    store=lines.store_lines,
    finish=lines.finish_lines,
    before_undo=orders.part,
    after_undo=lines.recount,
    bulk_tables=("commerce.OrderLine",),
    belongings=("customers.Identifier", "customers.SearchTerm", "customers.IdentityChange", "customers.Customer",
                "customers.DuplicateSuggestion", "customers.TimelineEntry"),
)  # fmt: skip

PAYMENTS = Target(
    key="payments",
    label=_("Payments"),
    order=50,
    fields=(
        ORDER_NUMBER,
        Field("sequence", _("Number of the payment"), max_length=60,
              synonyms=("payment sequential", "payment id", "transaction id", "id", "reference")),
        Field("kind", _("Paid by"), Kind.CHOICE, choices=PAID_BY,
              synonyms=("payment type", "payment method", "method", "zahlungsart", "gateway")),
        money("amount", _("Amount"), "payment value", "betrag", "value", "montant", "importe", is_required=True),
        CURRENCY,
        Field("paid_at", _("Paid"), Kind.DATETIME, synonyms=("date", "paid at", "datum", "created at")),
    ),
    natural_key=("order_number", "sequence"),
    prepare=payments.prepare_payments,
    store=payments.store_payments,
    finish=payments.finish_payments,
    after_undo=payments.resettle,
)  # fmt: skip
ALL = (PRODUCTS, ORDERS, LINES, PAYMENTS)
