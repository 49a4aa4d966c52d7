"""What happens to orders and products, for every interface. Call through the module: `actions.upsert_order(…)`."""

from apps.commerce.actions.catalogue import (
    update_category,
    update_product,
    upsert_categories,
    upsert_category,
    upsert_product,
    upsert_products,
)
from apps.commerce.actions.drafts import (
    CategoryDraft,
    LineDraft,
    OrderChange,
    OrderDraft,
    PaymentDraft,
    ProductDraft,
    RefundDraft,
)
from apps.commerce.actions.order import cancel_order, update_order, upsert_order, upsert_orders
from apps.commerce.actions.payment import record_payment, record_refund
from apps.commerce.actions.totals import count_lines, join_waiting, settle
from apps.commerce.actions.upserting import MOST_AT_ONCE, Outcome, Upserted

__all__ = [
    "MOST_AT_ONCE",
    "CategoryDraft",
    "LineDraft",
    "OrderChange",
    "OrderDraft",
    "Outcome",
    "PaymentDraft",
    "ProductDraft",
    "RefundDraft",
    "Upserted",
    "cancel_order",
    "count_lines",
    "join_waiting",
    "record_payment",
    "record_refund",
    "settle",
    "update_category",
    "update_order",
    "update_product",
    "upsert_categories",
    "upsert_category",
    "upsert_order",
    "upsert_orders",
    "upsert_product",
    "upsert_products",
]
