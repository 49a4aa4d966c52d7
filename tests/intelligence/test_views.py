"""The settings page: which engine, today's tokens, fallbacks, the test button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership, Organization, User
from apps.intelligence import budget
from apps.intelligence.models import Fallback, TokenUse
from apps.intelligence.provider import client as provider
from apps.intelligence.reasons import Reason
from tests.fakes.openai import OpenAI

ClientOf = Callable[[Membership], Client]
PAGE = "/settings/intelligence/"


def words(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_without_a_provider_it_says_how_to_get_one(
    client_of: ClientOf, admin_member: Membership, settings: Any
) -> None:
    settings.OPENAI_API_KEY = ""
    page = client_of(admin_member).get(PAGE)
    assert "OPENAI_API_KEY" in page.text
    assert "Nothing leaves this machine" in page.text
    assert "built-in models answer" in words(client_of(admin_member).post(f"{PAGE}test/"))


def test_tokens_against_the_budget_and_the_last_fallbacks(
    client_of: ClientOf, admin_member: Membership, other_organization: Organization, settings: Any
) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_DAILY_TOKENS = "sk-secret", 200_000
    now, organization = timezone.now(), admin_member.organization
    TokenUse.objects.create(organization=organization, day=budget.today(organization, now), tokens=12_345, calls=7)
    Fallback.objects.create(organization=organization, at=now, task="sentiment", reason=Reason.REFUSED, detail="<i>")
    Fallback.objects.create(organization=other_organization, at=now, task="theirs", reason=Reason.BUSY)
    page = client_of(admin_member).get(PAGE)
    assert "12,345 of 200,000" in page.text
    assert "The model declined" in page.text
    assert "&lt;i&gt;" in page.text
    assert "theirs" not in page.text
    assert "sk-secret" not in page.text


def test_test_button(
    client_of: ClientOf, admin_member: Membership, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "RETRIES", 0)
    provider._client.cache_clear()
    client = client_of(admin_member)
    with OpenAI() as fake:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = fake.api_key, fake.base_url
        settings.OPENAI_MODEL = "gpt-5-mini"
        assert "answered: gpt-5-mini" in words(client.post(f"{PAGE}test/"))
        fake.behave(status=401, times=1)
        assert "did not answer" in words(client.post(f"{PAGE}test/"))
    provider._client.cache_clear()


def test_permissions(client_of: ClientOf, manager: Membership) -> None:
    assert client_of(manager).get(PAGE).status_code == 403
    assert client_of(manager).post(f"{PAGE}test/").status_code == 403
    assert Client().get(PAGE).status_code == 302


def test_admin(organization: Organization, client: Client) -> None:
    TokenUse.objects.create(organization=organization, day=timezone.now().date(), tokens=5)
    Fallback.objects.create(organization=organization, at=timezone.now(), task="sentiment", reason=Reason.BUSY)
    root = User.objects.create_superuser("root@example.com", "correct horse battery", name="Root")
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    for name in ("tokenuse", "fallback"):
        assert client.get(reverse(f"admin:intelligence_{name}_changelist")).status_code == 200
