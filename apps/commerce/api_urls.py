"""API routes of commerce, under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.commerce.api import catalogue, orders

urlpatterns: list[URLPattern] = [
    path("categories/", catalogue.CategoryList.as_view(), name="api_category_list"),
    path("categories/bulk/", catalogue.CategoryBulk.as_view(), name="api_category_bulk"),
    path("categories/<int:pk>/", catalogue.CategoryDetail.as_view(), name="api_category_detail"),
    path("products/", catalogue.ProductList.as_view(), name="api_product_list"),
    path("products/bulk/", catalogue.ProductBulk.as_view(), name="api_product_bulk"),
    path("products/<int:pk>/", catalogue.ProductDetail.as_view(), name="api_product_detail"),
    path("orders/", orders.OrderList.as_view(), name="api_order_list"),
    path("orders/bulk/", orders.OrderBulk.as_view(), name="api_order_bulk"),
    path("orders/<int:pk>/", orders.OrderDetail.as_view(), name="api_order_detail"),
    path("orders/<int:pk>/cancel/", orders.OrderCancel.as_view(), name="api_order_cancel"),
    path("orders/<int:pk>/payments/", orders.OrderPayments.as_view(), name="api_order_payments"),
    path("orders/<int:pk>/refunds/", orders.OrderRefunds.as_view(), name="api_order_refunds"),
]
