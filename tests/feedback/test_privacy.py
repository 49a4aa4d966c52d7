"""What leaves the house with an answer, and what stands in when the provider has a bad day."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from apps.feedback import actions, tasks
from apps.feedback.answers import Answer
from apps.feedback.models import Response
from apps.intelligence.provider import client
from tests.fakes.openai import OpenAI, Refusal

COMMENT = (
    "ada Lovelace here, 12 Harbour Street, call +49 170 1234567 or ada@example.com. "
    "mehmet was rude and Öz never called back. LOVELACE's glasses broke."
)
SECRETS = ("ada", "lovelace", "mehmet", "öz", "12 harbour", "1234567", "170", "example.com")


@pytest.fixture
def openai(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAI]:
    monkeypatch.setattr(client, "RETRIES", 0)
    client._client.cache_clear()
    with OpenAI() as fake:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = fake.api_key, fake.base_url
        settings.OPENAI_MODEL, settings.OPENAI_TIMEOUT_SECONDS = "gpt-5-mini", 1
        yield fake
        client._client(fake.api_key, fake.base_url, settings.OPENAI_TIMEOUT_SECONDS, os.getpid()).close()
    client._client.cache_clear()


@pytest.fixture
def response(token: str, now: datetime) -> Response:
    """An answer that names everybody and says how to reach them."""
    actions.answer(token, Answer(2, COMMENT, ""), language="en", now=now)
    return Response.objects.select_related("organization").get()


@pytest.mark.parametrize("language", ["en", "de", ""])
def test_no_prompt_names_or_reaches_anybody(response: Response, openai: OpenAI, language: str) -> None:
    Response.objects.update(language=language)
    tasks.analyse_responses()
    assert len(openai.prompts) == 2
    for prompt in openai.prompts:
        asked = prompt.lower()
        assert not [secret for secret in SECRETS if secret in asked.split('"comment"', 1)[1]]
        assert "rude" in asked
        assert response.organization.name.lower() not in asked


def slow(fake: OpenAI) -> None:
    fake.behave(delay=1.5)


def limited(fake: OpenAI) -> None:
    fake.behave(status=429)


def refusing(fake: OpenAI) -> None:
    fake.script(Refusal(), Refusal())


def garbled(fake: OpenAI) -> None:
    fake.script("not JSON at all", "{")


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(slow, "unavailable"), (limited, "unavailable"), (refusing, "refused"), (garbled, "unusable")],
)
def test_bad_day_of_the_model_stands_on_the_row(
    response: Response, openai: OpenAI, now: datetime, trouble: Callable[[OpenAI], None], reason: str
) -> None:
    trouble(openai)
    read = actions.analyse(response, now=now)
    assert read.analysed_at == now
    assert read.sentiment
    assert read.summary
    for made in (read.sentiment_by, read.summary_by):
        assert (made["engine"], made["reason"]) == ("built-in", reason)
