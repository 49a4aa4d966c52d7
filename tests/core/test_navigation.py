"""The sidebar: only what the member may open, and one active entry."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.core import navigation
from apps.core.navigation import NavItem
from tests.core.test_components import ICONS


class Someone:
    def __init__(self, *permissions: str) -> None:
        self.permissions = permissions

    def can(self, permission: str) -> bool:
        return permission in self.permissions


@pytest.fixture(autouse=True)
def items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_items", [])
    navigation.register(
        NavItem("Sign-in", "account_login", "lock", "see.login", order=20),
        NavItem("Components", "core:gallery", "star", order=10),
        NavItem("Settings", "", "settings", key="settings", order=30),
        NavItem("E-mail", "account_email", "mail", "see.email", section="settings"),
        NavItem("Password", "account_change_password", "key", "see.password", section="settings", order=1),
        NavItem("Second factor", "mfa_index", "shield-lock", section="account"),
    )


def test_shows_only_what_the_member_may_open_in_order() -> None:
    assert [entry.label for entry in navigation.entries(Someone(), "/")] == ["Components"]
    everything = navigation.entries(Someone("see.login", "see.email", "see.password"), "/")
    assert [entry.label for entry in everything] == ["Components", "Sign-in", "Settings"]
    assert [child.label for child in everything[2].children] == ["Password", "E-mail"]


def test_a_heading_leads_to_the_first_page_that_is_open() -> None:
    settings = navigation.entries(Someone("see.email"), "/")[-1]
    assert settings.label == "Settings" and settings.url == settings.children[0].url


def test_one_entry_and_one_child_are_active() -> None:
    member = Someone("see.login", "see.email", "see.password")
    path = navigation.entries(member, "/")[2].children[0].url
    found = navigation.entries(member, path)
    assert [entry.label for entry in found if entry.active] == ["Settings"]
    assert [child.label for child in found[2].children if child.active] == ["Password"]
    below = navigation.entries(member, "/components/anything/")
    assert [entry.label for entry in below if entry.active] == ["Components"]


def test_nothing_is_active_elsewhere() -> None:
    assert not any(entry.active for entry in navigation.entries(Someone("see.login"), "/elsewhere/"))


def test_strangers_see_nothing() -> None:
    assert navigation.entries(None, "/") == [] == navigation.account_entries(None)


def test_account_menu_is_its_own_list() -> None:
    assert [entry.label for entry in navigation.account_entries(Someone())] == ["Second factor"]


def test_registering_twice_changes_nothing() -> None:
    navigation.register(NavItem("Components", "core:gallery", "star", order=10))
    assert len(navigation.entries(Someone(), "/")) == 1


def test_shell_prints_the_entries(client: Client, db: None) -> None:
    page = client.get("/components/").content.decode()
    assert 'id="sidebar"' in page and 'href="#main"' in page and 'name="csrf-token"' in page


def test_registered_icons_are_in_the_sprite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert {item.icon for item in navigation._items} <= ICONS
