"""What calls may cost, and how many there may be at one time."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Organization
from apps.core import ratelimit
from apps.intelligence import budget
from apps.intelligence.models import TokenUse
from apps.intelligence.provider import client
from apps.intelligence.reasons import Reason
from tests.fakes.openai import OpenAI, Refusal
from tests.intelligence.conftest import MAIL, NOW, mail


def test_budget_is_charged_with_what_the_call_cost(organization: Organization, openai: OpenAI) -> None:
    openai.script(MAIL, MAIL)
    mail(organization)
    mail(organization)
    use = TokenUse.objects.get()
    assert (use.tokens, use.calls) == (120, 2)
    assert use.day.isoformat() == "2026-03-29"


def test_failed_calls_cost_nothing_but_declined_ones_may(organization: Organization, openai: OpenAI) -> None:
    openai.behave(status=500, times=1)
    mail(organization)
    assert TokenUse.objects.get().tokens == 0
    openai.script(Refusal())
    mail(organization)
    assert TokenUse.objects.get().tokens > 0


def test_over_budget_nothing_is_asked_until_the_organisations_next_day(
    organization: Organization, openai: OpenAI, settings: Any
) -> None:
    settings.OPENAI_DAILY_TOKENS = 3000
    TokenUse.objects.create(organization=organization, day=NOW.date(), tokens=2999)
    assert mail(organization).provenance.reason == Reason.OVER_BUDGET
    assert openai.requests == []
    # In Berlin the day ends at 22:00 UTC.
    openai.script(MAIL)
    assert mail(organization, NOW.replace(hour=21, minute=59)).provenance.reason == Reason.OVER_BUDGET
    assert mail(organization, NOW.replace(hour=22, minute=1)).provenance.engine == "openai"


@pytest.mark.django_db(transaction=True)
def test_calls_at_one_time_cannot_both_take_the_last_tokens(organization: Organization, settings: Any) -> None:
    settings.OPENAI_DAILY_TOKENS = 1000
    taken: list[bool] = []

    def take() -> None:
        try:
            taken.append(budget.reserve(organization, 400, now=NOW) is not None)
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 4 + [True] * 2
    assert TokenUse.objects.get().tokens == 800


def test_calls_per_minute(organization: Organization, openai: OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ratelimit.POLICIES, "language_model", ratelimit.Policy("language_model", 1, 60))
    openai.script(MAIL, MAIL)
    assert mail(organization).provenance.engine == "openai"
    assert mail(organization).provenance.reason == Reason.RATE_LIMITED
    assert mail(organization, NOW + timedelta(minutes=1)).provenance.engine == "openai"


def test_places_for_calls_at_one_time(
    organization: Organization, openai: OpenAI, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPENAI_MAX_CONCURRENCY = 1
    monkeypatch.setattr(client, "WAIT_FOR_PLACE_SECONDS", 0.01)
    client._places.cache_clear()
    places = client._places(1, os.getpid())
    assert places.acquire(timeout=1)
    try:
        assert mail(organization).provenance.reason == Reason.BUSY
    finally:
        places.release()
        client._places.cache_clear()
    assert openai.requests == []
