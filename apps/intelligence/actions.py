"""The interface to language: the provider answers where one is configured, the built-in models everywhere else.

Nothing here fails because a provider does: absent, slow, declining, over budget or talking garbage, the built-in
models stand in and the provenance says why. Calls may take seconds, so make them outside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.conf import settings

from apps.accounts.models import Organization
from apps.intelligence import asking, metrics, replies
from apps.intelligence.answers import Provenance, Sentiment, Summary, SurveyEmailBrief, WrittenEmail
from apps.intelligence.builtin import email, feeling, summary
from apps.intelligence.builtin.language import language_of
from apps.intelligence.models import Fallback
from apps.intelligence.provider import client, prompts
from apps.intelligence.provider.client import NoAnswer, Reply
from apps.intelligence.provider.prompts import Prompt
from apps.intelligence.reasons import Reason
from apps.intelligence.redaction import redact

log = structlog.get_logger(__name__)

# The API takes 500 characters; a longer text from elsewhere is cut before it costs.
MAX_COMMENT = 4000


def write_survey_email(brief: SurveyEmailBrief, *, organization: Organization, now: datetime) -> WrittenEmail:
    """Write the mail that asks a person about their visit, in the language of the brief (English or German)."""
    prompt = prompts.survey_email(brief)
    try:
        reply = _ask(prompt, organization, now)
        written = replies.survey_email(reply, _from_provider(prompt, reply))
    except NoAnswer as failure:
        parts = email.write(brief)
        return WrittenEmail(
            subject=parts.subject,
            greeting=parts.greeting,
            paragraphs=parts.paragraphs,
            button_label=parts.button_label,
            provenance=_built_in(prompt.task, email.MODEL, failure, organization, now),
        )
    return written


def summarize_feedback(
    comment: str,
    stars: int,
    language: str,
    *,
    organization: Organization,
    now: datetime,
    names: Iterable[str] = (),
) -> Summary:
    """One or two sentences of what the person said, at most 200 characters, in the comment's own language.

    `names` (of the customer, of staff) are taken out before the text leaves the house; other names as far as rules go.
    """
    comment = comment[:MAX_COMMENT].strip()
    prompt = prompts.summarize_feedback(_redacted(comment, language, names), stars)
    try:
        if not comment:
            raise NoAnswer(Reason.UNUSABLE)
        reply = _ask(prompt, organization, now)
        return Summary(text=replies.summary(reply), provenance=_from_provider(prompt, reply))
    except NoAnswer as failure:
        return Summary(
            text=summary.summarize(comment, stars, language),
            provenance=_built_in(prompt.task, summary.MODEL, failure if comment else None, organization, now),
        )


def sentiment(
    comment: str,
    stars: int,
    language: str,
    *,
    organization: Organization,
    now: datetime,
    names: Iterable[str] = (),
) -> Sentiment:
    """How the person feels. `stars` 1–5; `language`: what we know of the person ("en", "de", ""); `names`: as above."""
    comment = comment[:MAX_COMMENT].strip()
    prompt = prompts.sentiment(_redacted(comment, language, names))
    try:
        if not comment:
            raise NoAnswer(Reason.UNUSABLE)
        reply = _ask(prompt, organization, now)
        reading = replies.reading(reply, comment)
        provenance = _from_provider(prompt, reply)
    except NoAnswer as failure:
        reading = feeling.read(comment, language)
        provenance = _built_in(prompt.task, feeling.MODEL, failure if comment else None, organization, now)
    label, score, is_contradiction = feeling.combine(stars, reading.score)
    return Sentiment(
        label=label,
        score=score,
        text_score=reading.score,
        is_contradiction=is_contradiction,
        words=reading.words,
        language=reading.language,
        provenance=provenance,
    )


@dataclass(frozen=True)
class Check:
    """How the test of the provider went. `reason` is None when it answered."""

    model: str
    reason: Reason | None = None
    detail: str = ""


def check(*, organization: Organization, now: datetime) -> Check:
    """Ask the provider one small question, past the built-in models. With none configured these are what is checked."""
    if not client.is_configured():
        return Check(model=email.MODEL)
    try:
        reply = asking.ask(prompts.sentiment("Friendly staff, quick service."), organization=organization, now=now)
    except NoAnswer as failure:
        return Check(model=settings.OPENAI_MODEL, reason=failure.reason, detail=failure.detail)
    return Check(model=reply.model)


def forget_fallbacks(*, before: datetime) -> int:
    """Delete what is older; returns how many."""
    return Fallback.objects.filter(at__lt=before).delete()[0]


class _NotConfigured(NoAnswer):
    """There is no provider, so nothing stood in for it."""

    def __init__(self) -> None:
        super().__init__(Reason.UNAVAILABLE)


def _ask(prompt: Prompt, organization: Organization, now: datetime) -> Reply:
    if not client.is_configured():
        raise _NotConfigured
    return asking.ask(prompt, organization=organization, now=now)


def _redacted(comment: str, language: str, names: Iterable[str]) -> str:
    return redact(comment, language=language_of(comment, language), names=names) if client.is_configured() else ""


def _from_provider(prompt: Prompt, reply: Reply) -> Provenance:
    metrics.CALLS.labels(prompt.task, "openai", "").inc()
    return Provenance(engine="openai", model=reply.model, prompt_version=prompt.version)


def _built_in(task: str, model: str, failure: NoAnswer | None, organization: Organization, now: datetime) -> Provenance:
    reason = "" if failure is None or isinstance(failure, _NotConfigured) else str(failure.reason)
    metrics.CALLS.labels(task, "built-in", reason).inc()
    if failure is not None and reason:
        log.warning("built_in_stands_in", task=task, reason=reason, detail=failure.detail)
        Fallback.objects.create(
            organization=organization, at=now, task=task, reason=failure.reason, detail=failure.detail
        )
    return Provenance(engine="built-in", model=model, prompt_version="", reason=reason)
