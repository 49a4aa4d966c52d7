"""Back office of commerce: to look into, not to change."""

from __future__ import annotations

from django.contrib import admin

from apps.commerce.models import Category, Order, OrderLine, Payment, Product, Refund
from apps.core.admin import ReadOnlyAdmin


@admin.register(Category)
class CategoryAdmin(ReadOnlyAdmin):
    """Categories."""

    list_display = ["id", "name", "parent", "organization", "source", "external_id"]
    list_filter = ["organization"]
    list_select_related = ["parent", "organization"]
    search_fields = ["name", "=external_id"]


@admin.register(Product)
class ProductAdmin(ReadOnlyAdmin):
    """Products."""

    list_display = ["id", "name", "sku", "category", "price", "currency", "organization", "is_active"]
    list_filter = ["organization", "is_active"]
    list_select_related = ["category", "organization"]
    search_fields = ["=id", "=sku", "=external_id", "name"]
    show_full_result_count = False


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Orders."""

    list_display = ["id", "number", "status", "placed_at", "customer", "total", "currency", "organization"]
    list_filter = ["organization", "status", "channel", "is_test"]
    list_select_related = ["customer", "organization"]
    search_fields = ["=id", "=number", "=external_id"]
    show_full_result_count = False


@admin.register(OrderLine)
class OrderLineAdmin(ReadOnlyAdmin):
    """Lines of orders."""

    list_display = ["id", "order", "line_number", "product", "quantity", "unit_price", "line_total"]
    list_select_related = ["order", "product"]
    search_fields = ["=order__id", "=order__number"]
    show_full_result_count = False


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """Payments."""

    list_display = ["id", "order", "kind", "amount", "currency", "paid_at", "organization"]
    list_filter = ["organization", "kind"]
    list_select_related = ["order", "organization"]
    search_fields = ["=id", "=external_id", "=order_reference"]
    show_full_result_count = False


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    """Refunds."""

    list_display = ["id", "order", "amount", "currency", "refunded_at", "reason", "organization"]
    list_filter = ["organization"]
    list_select_related = ["order", "organization"]
    search_fields = ["=id", "=external_id", "=order_reference"]
    show_full_result_count = False
