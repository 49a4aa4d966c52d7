"""A provider on loopback, and the three questions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.accounts.models import Organization
from apps.intelligence import actions
from apps.intelligence.answers import SurveyEmailBrief
from apps.intelligence.provider import client
from tests.fakes.openai import OpenAI

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
BRIEF = SurveyEmailBrief(first_name="Ada", purpose="eye test", branch_name="Harbour")
MAIL = {
    "subject": "How was it?",
    "greeting": "Dear Ada,",
    "paragraphs": ["Thank you for coming.", "Tell us how it was."],
    "button_label": "Tell us",
}
MOOD = {"score": -0.7, "language": "en", "words": [{"word": "rude", "weight": -0.6}], "readable": "yes"}


@pytest.fixture
def openai(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAI]:
    """A provider on loopback that the settings lead to."""
    monkeypatch.setattr(client, "RETRIES", 0)
    client._client.cache_clear()
    with OpenAI() as fake:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = fake.api_key, fake.base_url
        settings.OPENAI_MODEL, settings.OPENAI_TIMEOUT_SECONDS = "gpt-5-mini", 2
        yield fake
        client._client(fake.api_key, fake.base_url, settings.OPENAI_TIMEOUT_SECONDS, os.getpid()).close()
    client._client.cache_clear()


@pytest.fixture
def no_provider(settings: Any) -> None:
    settings.OPENAI_API_KEY = ""


def mail(organization: Organization, now: datetime = NOW) -> Any:
    return actions.write_survey_email(BRIEF, organization=organization, now=now)


def mood(organization: Organization, comment: str = "The staff was rude.", stars: int = 2, **more: Any) -> Any:
    return actions.sentiment(comment, stars, "en", organization=organization, now=NOW, **more)


def summary(organization: Organization, comment: str = "The staff was rude.", **more: Any) -> Any:
    return actions.summarize_feedback(comment, 2, "en", organization=organization, now=NOW, **more)
