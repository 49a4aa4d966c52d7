"""Addresses of the kernel."""

from __future__ import annotations

from django.urls import URLPattern, path
from drf_spectacular.views import SpectacularAPIView

from apps.core import gallery, views

app_name = "core"
urlpatterns: list[URLPattern] = [
    path("components/", gallery.gallery, name="gallery"),
    path("health/live", views.live, name="health_live"),
    path("health/ready", views.ready, name="health_ready"),
    path("metrics", views.metrics_page, name="metrics"),
    path("files/<int:pk>/", views.file_download, name="file_download"),
    path("files/<int:pk>/thumbnail/", views.file_thumbnail, name="file_thumbnail"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("api/docs/", views.api_docs, name="api_docs"),
]
