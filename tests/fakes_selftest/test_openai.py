"""The OpenAI fake, driven by the official SDK."""

from collections.abc import Iterator
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel, ValidationError

from tests.fakes.openai import API_KEY, OpenAI, Refusal, Unfinished


class Mood(BaseModel):
    """What the tests ask for."""

    label: Literal["happy", "unhappy"]
    score: float
    reasons: list[str]
    note: str | None


MOOD: dict[str, Any] = {"label": "unhappy", "score": -0.5, "reasons": ["late"], "note": None}


@pytest.fixture
def fake() -> Iterator[OpenAI]:
    with OpenAI() as server:
        yield server


@pytest.fixture
def client(fake: OpenAI) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=fake.base_url, api_key=API_KEY, max_retries=0, timeout=5) as sdk:
        yield sdk


def ask(client: openai.OpenAI) -> Any:
    return client.responses.parse(model="gpt-5-mini", instructions="Judge.", input="It was late", text_format=Mood)


def test_responses_parse_into_the_scripted_value(fake: OpenAI, client: openai.OpenAI) -> None:
    fake.script(MOOD)
    response = ask(client)
    assert response.output_parsed == Mood(**MOOD)
    assert (response.status, response.usage.total_tokens) == ("completed", 60)
    assert fake.prompts == ["Judge.\nIt was late"]


def test_unscripted_answers_fit_the_schema(client: openai.OpenAI) -> None:
    assert isinstance(ask(client).output_parsed, Mood)
    assert client.responses.create(model="gpt-5-mini", input="Hello").output_text == "OK"


def test_chat_completions_parse(fake: OpenAI, client: openai.OpenAI) -> None:
    fake.script(lambda body: MOOD | {"note": body["messages"][0]["content"]})
    completion = client.chat.completions.parse(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "It was late"}], response_format=Mood
    )
    assert completion.choices[0].message.parsed == Mood(**MOOD | {"note": "It was late"})


def test_refusals(fake: OpenAI, client: openai.OpenAI) -> None:
    fake.script(Refusal("No."), Refusal("No."))
    response = ask(client)
    assert response.output_parsed is None
    assert response.output[0].content[0].refusal == "No."
    completion = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "x"}])
    assert (completion.choices[0].message.content, completion.choices[0].message.refusal) == (None, "No.")


def test_content_filter_and_cut_off_answers(fake: OpenAI, client: openai.OpenAI) -> None:
    fake.script(Unfinished("content_filter"), Unfinished("content_filter"), Unfinished("max_output_tokens", "Half a"))
    response = client.responses.create(model="gpt-5-mini", input="x")
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "content_filter"
    message = {"role": "user", "content": "x"}
    completion = client.chat.completions.create(model="gpt-4o-mini", messages=[message])  # type: ignore[list-item]
    assert completion.choices[0].finish_reason == "content_filter"
    assert client.responses.create(model="gpt-5-mini", input="x").output_text == "Half a"


def test_answers_that_are_garbage_or_off_schema(fake: OpenAI, client: openai.OpenAI) -> None:
    fake.script({"label": "perhaps"}, "no JSON")
    for _ in range(2):
        with pytest.raises(ValidationError):
            ask(client)
    fake.behave(garbage=True, times=1)
    with pytest.raises((openai.OpenAIError, ValueError)):
        ask(client)
    fake.behave(wrong_schema={"object": "surprise"}, times=1)
    # The SDK builds its models without checking them: what is wrong is absent, nothing raises.
    response = ask(client)
    assert (response.status, response.output, response.output_text, response.output_parsed) == (None, [], "", None)


def test_troubles(fake: OpenAI, client: openai.OpenAI) -> None:
    fake.behave(status=429, retry_after=1, times=1)
    with pytest.raises(openai.RateLimitError) as limited:
        ask(client)
    assert limited.value.response.headers["Retry-After"] == "1"
    fake.behave(status=429, code="insufficient_quota", times=1)
    with pytest.raises(openai.RateLimitError) as quota:
        ask(client)
    assert quota.value.code == "insufficient_quota"
    fake.behave(status=500, times=1)
    with pytest.raises(openai.InternalServerError):
        ask(client)
    fake.behave(drop_connection=True, times=1)
    with pytest.raises(openai.APIConnectionError):
        ask(client)
    fake.behave(delay=30, times=1)
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=0.2))
    assert ask(client).output_parsed is not None


def test_the_sdk_retries_after_429(fake: OpenAI, client: openai.OpenAI) -> None:
    fake.behave(status=429, retry_after=0.01, times=1)
    assert ask(client.with_options(max_retries=1)).output_parsed is not None
    assert len(fake.requests) == 2


def test_keys_models_and_strict_schemas_are_checked(fake: OpenAI, client: openai.OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError):
        ask(client.with_options(api_key="sk-wrong"))
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="gpt-0", input="x")
    assert [model.id for model in client.models.list()] == list(fake.models)
    loose: Any = {
        "type": "json_schema",
        "name": "loose",
        "strict": True,
        "schema": {"type": "object", "properties": {}},
    }
    with pytest.raises(openai.BadRequestError) as error:
        client.responses.create(model="gpt-5-mini", input="x", text={"format": loose})
    assert error.value.code == "invalid_json_schema"
