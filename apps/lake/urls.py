"""Addresses of lake."""

from __future__ import annotations

from django.urls import path

from apps.lake import views

app_name = "lake"
urlpatterns = [
    path("settings/lake/", views.file_list, name="file_list"),
    path("settings/lake/test/", views.store_test, name="store_test"),
    path("settings/lake/retry/", views.retry_all, name="retry_all"),
    path("settings/lake/<int:pk>/retry/", views.file_retry, name="file_retry"),
    path("lake/<int:pk>/", views.file_detail, name="file_detail"),
]
