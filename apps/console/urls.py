"""Addresses of the console."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.console.views import home, search, setup

app_name = "console"
urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("setup/", setup.setup, name="setup"),
    path("setup/admin/", setup.setup_admin, name="setup_admin"),
    path("setup/branches/", setup.setup_branches, name="setup_branches"),
    path("setup/sender/", setup.setup_sender, name="setup_sender"),
    path("setup/test/", setup.setup_test, name="setup_test"),
    path("setup/finish/", setup.setup_finish, name="setup_finish"),
]
