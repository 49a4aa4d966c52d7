"""Search from anywhere: customers and pages, only what the member may see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership
from apps.core.audit import System
from apps.customers import actions

ClientOf = Callable[[Membership], Client]
TYPE_AHEAD = {"HX-Request": "true", "HX-Target": "search_options"}


@pytest.fixture
def grace(member: Membership) -> None:
    details = actions.CustomerDetails(name="Grace Hopper", email="grace@navy.example")
    actions.create_customer(details, organization=member.organization, by=System("test"), now=timezone.now())


@pytest.mark.usefixtures("grace")
def test_type_ahead_finds_customers_by_name_and_address(client_of: ClientOf, member: Membership) -> None:
    client = client_of(member)
    for words in ("hop", "GRACE", "grace@na"):
        page = client.get("/search/", {"q": words}, headers=TYPE_AHEAD).content.decode()
        assert "Grace Hopper" in page
        assert "<html" not in page


def test_pages_are_found_as_far_as_the_role_may_open_them(
    client_of: ClientOf, admin_member: Membership, viewer: Membership
) -> None:
    assert "/settings/api-keys/" in client_of(admin_member).get("/search/", {"q": "api k"}).content.decode()
    assert "/settings/api-keys/" not in client_of(viewer).get("/search/", {"q": "api k"}).content.decode()


@pytest.mark.usefixtures("grace")
def test_stranger_finds_nobody(client_of: ClientOf, stranger: Membership) -> None:
    page = client_of(stranger).get("/search/", {"q": "grace"}).content.decode()
    assert "Grace Hopper" not in page
    assert "Nothing found" in page


@pytest.mark.parametrize("words", ["", "   ", "\x00", "%", "_", "<script>", "ü" * 500])
def test_odd_words_do_no_harm(client_of: ClientOf, member: Membership, words: str) -> None:
    response = client_of(member).get("/search/", {"q": words})
    assert response.status_code == 200
    assert "<script>" not in response.content.decode().replace("<script src", "").replace("<script type", "")


def test_not_signed_in(client: Client) -> None:
    assert client.get("/search/", {"q": "grace"}).status_code == 302
