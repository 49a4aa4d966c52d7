"""All addresses. Each app brings its own `urls.py` for pages and `api_urls.py` for the API."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

APPS = [
    "core",
    "accounts",
    "messaging",
    "intelligence",
    "lake",
    "imports",
    "customers",
    "forms",
    "commerce",
    "tracking",
    "feedback",
    "console",
]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include([path("", include(f"apps.{app}.api_urls")) for app in APPS])),
    *[path("", include(f"apps.{app}.urls")) for app in APPS],
    # After ours: what we close or replace comes first.
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
]

handler400 = "apps.core.errors.bad_request"
handler403 = "apps.core.errors.permission_denied"
handler404 = "apps.core.errors.not_found"
handler500 = "apps.core.errors.server_error"
handler429 = "apps.accounts.adapters.too_many_requests"
