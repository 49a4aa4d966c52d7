"""API routes of imports, under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.imports import api

urlpatterns: list[URLPattern] = [
    path("imports/", api.RunList.as_view(), name="api_import_list"),
    path("imports/<int:pk>/", api.RunDetail.as_view(), name="api_import_detail"),
    path("imports/<int:pk>/steps/", api.RunStep.as_view(), name="api_import_step"),
    path("imports/<int:pk>/errors/", api.RunErrors.as_view(), name="api_import_errors"),
]
