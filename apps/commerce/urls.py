"""Addresses of commerce."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.commerce.views import orders, products

app_name = "commerce"
urlpatterns: list[URLPattern] = [
    path("orders/", orders.order_list, name="order_list"),
    path("orders/export/", orders.order_export, name="order_export"),
    path("orders/<int:pk>/", orders.order_detail, name="order_detail"),
    path("orders/<int:pk>/cancel/", orders.order_cancel, name="order_cancel"),
    path("products/", products.product_list, name="product_list"),
    path("products/<int:pk>/", products.product_detail, name="product_detail"),
    path("products/categories/", products.category_tree, name="category_tree"),
]
