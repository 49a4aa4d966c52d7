"""What is sold, what was bought, what was paid and what went back."""

from apps.commerce.models.fixed_point import FixedPointField, MoneyField, QuantityField
from apps.commerce.models.order import Order, OrderChannel, OrderLine, OrderStatus
from apps.commerce.models.payment import Payment, PaymentKind, Refund
from apps.commerce.models.product import Category, Product

__all__ = [
    "Category",
    "FixedPointField",
    "MoneyField",
    "Order",
    "OrderChannel",
    "OrderLine",
    "OrderStatus",
    "Payment",
    "PaymentKind",
    "Product",
    "QuantityField",
    "Refund",
]
