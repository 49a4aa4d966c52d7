"""OpenAI's SDK with our limits: time-out, few retries, places for calls at one time, typed errors."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

from apps.intelligence.provider.prompts import Prompt
from apps.intelligence.reasons import Reason

if TYPE_CHECKING:
    from openai import OpenAI

RETRIES = 1
WAIT_FOR_PLACE_SECONDS = 2.0
# Models that think before they answer; these tasks need little of it.
THINKING_MODELS = ("gpt-5", "o1", "o3", "o4")


class NoAnswer(Exception):
    """The provider did not help; `reason` says how, `detail` is short and holds nothing that was sent or received."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail[:200]


@dataclass(frozen=True)
class Reply:
    """What the model said, in the shape that was asked for."""

    values: Mapping[str, Any]
    model: str
    tokens: int


def is_configured() -> bool:
    """Whether there is a provider to ask."""
    return bool(settings.OPENAI_API_KEY)


def host() -> str:
    """The address that the breaker watches."""
    return str(settings.OPENAI_BASE_URL).partition("://")[2].partition("/")[0]


def ask(prompt: Prompt) -> Reply:
    """One question, one answer in the prompt's schema. Raises NoAnswer, and nothing else that the provider causes."""
    places = _places(settings.OPENAI_MAX_CONCURRENCY, os.getpid())
    if not places.acquire(timeout=WAIT_FOR_PLACE_SECONDS):
        raise NoAnswer(Reason.BUSY)
    try:
        return _ask(prompt)
    finally:
        places.release()


@lru_cache(maxsize=2)
def _places(count: int, _process_id: int) -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(1, count))


@lru_cache(maxsize=2)
def _client(key: str, base_url: str, timeout_seconds: int, _process_id: int) -> OpenAI:
    # One client per process: it keeps its connections, which do not survive a fork.
    from openai import OpenAI

    return OpenAI(api_key=key, base_url=base_url, timeout=timeout_seconds, max_retries=RETRIES)


def _ask(prompt: Prompt) -> Reply:
    import openai
    from pydantic import ValidationError

    from apps.intelligence.provider.schemas import SCHEMAS

    client = _client(settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL, settings.OPENAI_TIMEOUT_SECONDS, os.getpid())
    options: dict[str, Any] = {}
    if settings.OPENAI_MODEL.startswith(THINKING_MODELS):
        options["reasoning"] = {"effort": "low"}
    try:
        response = client.responses.parse(
            model=settings.OPENAI_MODEL,
            instructions=prompt.instructions,
            input=prompt.text,
            text_format=SCHEMAS[prompt.schema],
            max_output_tokens=prompt.max_output_tokens,
            store=False,
            **options,
        )
    except openai.RateLimitError as error:
        reason = Reason.REJECTED if error.code == "insufficient_quota" else Reason.UNAVAILABLE
        raise NoAnswer(reason, _words(error)) from error
    except (openai.APIConnectionError, openai.InternalServerError) as error:
        raise NoAnswer(Reason.UNAVAILABLE, _words(error)) from error
    except openai.APIStatusError as error:
        raise NoAnswer(Reason.REJECTED, _words(error)) from error
    except (openai.OpenAIError, ValidationError, ValueError, TypeError, AttributeError) as error:
        # A cut or invented answer: no JSON, another shape, a body that the SDK itself stumbles over.
        raise NoAnswer(Reason.UNUSABLE, type(error).__name__) from error
    return _reply(response)


def _reply(response: Any) -> Reply:
    parsed = getattr(response, "output_parsed", None)
    if parsed is None:
        pieces = [
            part for item in getattr(response, "output", None) or [] for part in getattr(item, "content", None) or []
        ]
        if any(getattr(part, "type", "") == "refusal" for part in pieces):
            raise NoAnswer(Reason.REFUSED)
        raise NoAnswer(Reason.UNUSABLE, str(getattr(response, "status", None) or "no answer"))
    if response.status == "incomplete":
        raise NoAnswer(Reason.UNUSABLE, "incomplete")
    tokens = response.usage.total_tokens if response.usage else 0
    return Reply(values=parsed.model_dump(), model=str(response.model)[:100], tokens=tokens)


def _words(error: Any) -> str:
    """Kind, status and code; the provider's message may repeat a part of the key or of the text."""
    parts = [type(error).__name__, str(getattr(error, "status_code", "") or ""), str(getattr(error, "code", "") or "")]
    return " ".join(part for part in parts if part)
