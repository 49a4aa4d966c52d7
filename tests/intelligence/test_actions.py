"""The interface: the provider answers on good days, the built-in models on all others, and the row says which."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import Organization
from apps.core.http import breaker
from apps.intelligence import actions
from apps.intelligence.models import Fallback, TokenUse
from apps.intelligence.reasons import Reason
from tests.fakes.openai import OpenAI, Refusal, Unfinished
from tests.intelligence.conftest import MAIL, MOOD, NOW, mail, mood, summary


def test_without_a_provider_the_built_in_models_answer_and_nothing_is_a_fallback(
    organization: Organization, no_provider: None
) -> None:
    for made in (mail(organization), mood(organization), summary(organization)):
        assert made.provenance.engine == "built-in"
        assert made.provenance.model.startswith("compass-")
        assert not made.provenance.is_fallback
    assert not Fallback.objects.exists()
    assert not TokenUse.objects.exists()
    assert actions.check(organization=organization, now=NOW).reason is None


def test_provider_writes_the_mail(organization: Organization, openai: OpenAI) -> None:
    openai.script(MAIL)
    written = mail(organization)
    assert (written.subject, written.greeting, written.button_label) == ("How was it?", "Dear Ada,", "Tell us")
    assert written.paragraphs == ("Thank you for coming.", "Tell us how it was.")
    assert written.provenance.engine == "openai"
    assert (written.provenance.model, written.provenance.prompt_version) == ("gpt-5-mini", "survey-email-1")
    sent = openai.requests[0].json()
    assert sent["store"] is False
    assert sent["text"]["format"]["strict"] is True


def test_only_first_name_purpose_and_branch_leave_the_house(organization: Organization, openai: OpenAI) -> None:
    mail(organization)
    assert '{"first_name": "Ada", "purpose_of_visit": "eye test", "branch": "Harbour"}' in openai.prompts[0]
    assert organization.name not in openai.prompts[0]


def test_comment_is_redacted_before_it_leaves(organization: Organization, openai: OpenAI) -> None:
    openai.script({"summary": "Rude staff."})
    summary(
        organization,
        "Call me on +49 170 1234567 or ada@example.com. Bob was rude, said ada lovelace. Mrs. Miller too.",
        names=["Ada Lovelace", "Bob"],
    )
    prompt = openai.prompts[0]
    for secret in ("1234567", "ada@example.com", "Bob", "ovelace", "Miller"):
        assert secret not in prompt
    assert "rude" in prompt


def test_sentiment_joins_the_models_reading_with_the_stars(organization: Organization, openai: OpenAI) -> None:
    openai.script(MOOD)
    found = mood(organization, stars=5)
    assert (found.label, found.is_contradiction, found.text_score) == ("neutral", True, -0.7)
    assert [(each.word, each.weight) for each in found.words] == [("rude", -0.6)]
    assert '"stars"' not in openai.prompts[0]


def test_invented_words_and_wild_numbers_are_not_taken_over(organization: Organization, openai: OpenAI) -> None:
    words = [{"word": "wonderful", "weight": 1.0}, {"word": "RUDE", "weight": -9.0}]
    openai.script({**MOOD, "words": words})
    assert [(each.word, each.weight) for each in mood(organization).words] == [("rude", -1.0)]
    openai.script({**MOOD, "score": 7.0})
    assert mood(organization).provenance.reason == Reason.UNUSABLE


def test_long_summary_is_cut_and_control_characters_go(organization: Organization, openai: OpenAI) -> None:
    openai.script({"summary": "Rude\u202e staff\nand " + "so on " * 60})
    found = summary(organization)
    assert found.provenance.engine == "openai"
    assert len(found.text) <= 200
    assert found.text.startswith("Rude staff and so on")


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "<b>How</b> was it?"},
        {"paragraphs": ["See https://evil.example/now"]},
        {"paragraphs": ["Write to me@evil.example"]},
        {"paragraphs": ["Click www.evil.example"]},
        {"paragraphs": ["[here](http://evil)"]},
        {"paragraphs": []},
        {"paragraphs": ["x" * 501]},
        {"paragraphs": ["x"] * 5},
        {"subject": ""},
        {"subject": "x" * 121},
        {"greeting": "&lt;script&gt;"},
    ],
)
def test_a_mail_that_is_not_plain_is_not_used(organization: Organization, openai: OpenAI, change: Any) -> None:
    openai.script({**MAIL, **change})
    written = mail(organization)
    assert (written.provenance.engine, written.provenance.reason) == ("built-in", Reason.UNUSABLE)
    assert written.subject == "How was your visit to Harbour?"
    assert "survey-email" not in written.provenance.prompt_version


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (Refusal(), Reason.REFUSED),
        (Unfinished("content_filter"), Reason.UNUSABLE),
        (Unfinished("max_output_tokens", '{"subject": "How'), Reason.UNUSABLE),
        ("no JSON at all", Reason.UNUSABLE),
        ({"unexpected": 1}, Reason.UNUSABLE),
    ],
)
def test_odd_answers(organization: Organization, openai: OpenAI, script: Any, reason: str) -> None:
    openai.script(script)
    assert mail(organization).provenance.reason == reason
    fallback = Fallback.objects.get()
    assert (fallback.task, fallback.reason, fallback.at) == ("write_survey_email", reason, NOW)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"status": 500}, Reason.UNAVAILABLE),
        ({"status": 503}, Reason.UNAVAILABLE),
        ({"status": 429}, Reason.UNAVAILABLE),
        ({"status": 429, "code": "insufficient_quota"}, Reason.REJECTED),
        ({"status": 401}, Reason.REJECTED),
        ({"status": 404}, Reason.REJECTED),
        ({"drop_connection": True}, Reason.UNAVAILABLE),
        ({"drop_connection": "half_answer"}, Reason.UNAVAILABLE),
        ({"garbage": True}, Reason.UNUSABLE),
        ({"wrong_schema": {"hello": "world"}}, Reason.UNUSABLE),
        ({"wrong_schema": []}, Reason.UNUSABLE),
    ],
)
def test_bad_days(organization: Organization, openai: OpenAI, trouble: Any, reason: str) -> None:
    openai.behave(**trouble)
    for made in (mail(organization), summary(organization), mood(organization)):
        assert made.provenance.engine == "built-in"
        assert made.provenance.reason == reason
    assert openai.api_key not in str(list(Fallback.objects.values_list("detail", flat=True)))


def test_slow_provider_is_not_waited_for(organization: Organization, openai: OpenAI, settings: Any) -> None:
    settings.OPENAI_TIMEOUT_SECONDS = 1
    openai.behave(delay=60)
    assert mail(organization).provenance.reason == Reason.UNAVAILABLE


def test_nobody_there(organization: Organization, openai: OpenAI) -> None:
    openai.stop()
    assert mood(organization).label == "negative"
    assert mood(organization).provenance.reason == Reason.UNAVAILABLE


def test_after_repeated_failures_the_provider_is_left_alone(organization: Organization, openai: OpenAI) -> None:
    openai.behave(status=500)
    for _ in range(breaker.FAILURES_TO_OPEN):
        assert mail(organization).provenance.reason == Reason.UNAVAILABLE
    asked = len(openai.requests)
    assert mail(organization).provenance.reason == Reason.BREAKER_OPEN
    assert len(openai.requests) == asked


def test_one_organisations_outage_is_not_the_others(
    organization: Organization, other_organization: Organization, openai: OpenAI
) -> None:
    openai.behave(status=500, times=breaker.FAILURES_TO_OPEN)
    for _ in range(breaker.FAILURES_TO_OPEN):
        mail(organization)
    openai.script(MAIL)
    assert mail(other_organization).provenance.engine == "openai"


def test_empty_comment_asks_nobody(organization: Organization, openai: OpenAI) -> None:
    found = mood(organization, comment="  ", stars=5)
    assert (found.label, found.score, found.text_score, found.provenance.reason) == ("positive", 1.0, None, "")
    assert summary(organization, comment="").text == ""
    assert openai.requests == []
    assert not Fallback.objects.exists()


def test_check_says_what_is_wrong(organization: Organization, openai: OpenAI) -> None:
    openai.script(MOOD)
    assert actions.check(organization=organization, now=NOW).reason is None
    openai.behave(status=401, times=1)
    assert actions.check(organization=organization, now=NOW).reason == Reason.REJECTED


def test_old_fallbacks_are_forgotten(organization: Organization) -> None:
    for days in (1, 40):
        Fallback.objects.create(
            organization=organization, at=NOW - timedelta(days=days), task="sentiment", reason=Reason.BUSY
        )
    assert actions.forget_fallbacks(before=NOW - timedelta(days=30)) == 1
    assert Fallback.objects.count() == 1
