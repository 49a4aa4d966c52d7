"""Addresses of intelligence."""

from __future__ import annotations

from django.urls import path

from apps.intelligence import views

app_name = "intelligence"
urlpatterns = [
    path("settings/intelligence/", views.engine_settings, name="settings"),
    path("settings/intelligence/test/", views.engine_test, name="test"),
]
