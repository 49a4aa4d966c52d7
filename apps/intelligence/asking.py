"""One question to the provider, behind every limit that we set: rate, breaker, budget."""

from __future__ import annotations

from datetime import datetime

import structlog

from apps.accounts.models import Organization
from apps.core import ratelimit
from apps.core.http.breaker import Breaker
from apps.intelligence import budget, metrics
from apps.intelligence.provider import client
from apps.intelligence.provider.client import NoAnswer, Reply
from apps.intelligence.provider.prompts import Prompt
from apps.intelligence.reasons import Reason

log = structlog.get_logger(__name__)

RATE_POLICY = "language_model"
# The service is not well, or our key is not: asking on would only cost time.
OUTAGES = {Reason.UNAVAILABLE, Reason.REJECTED}
# Nothing was written, so nothing was charged.
FREE = {Reason.UNAVAILABLE, Reason.REJECTED, Reason.BUSY}


def ask(prompt: Prompt, *, organization: Organization, now: datetime) -> Reply:
    """Ask within today's budget. Raises NoAnswer with the reason."""
    try:
        ratelimit.check(RATE_POLICY, str(organization.pk), now=now.timestamp())
    except ratelimit.TooMany as limit:
        raise NoAnswer(Reason.RATE_LIMITED) from limit
    use = budget.reserve(organization, prompt.most_tokens, now=now)
    if use is None:
        raise NoAnswer(Reason.OVER_BUDGET)
    used = 0
    try:
        reply = _through_breaker(prompt, organization)
        used = reply.tokens
    except NoAnswer as failure:
        used = 0 if failure.reason in FREE or failure.reason == Reason.BREAKER_OPEN else prompt.most_tokens
        raise
    finally:
        budget.settle(use, reserved=prompt.most_tokens, used=used)
    metrics.TOKENS.labels(prompt.task).inc(used)
    return reply


def _through_breaker(prompt: Prompt, organization: Organization) -> Reply:
    breaker = Breaker(client.host(), organization.pk)
    if breaker.pause() is not None:
        raise NoAnswer(Reason.BREAKER_OPEN)
    try:
        reply = client.ask(prompt)
    except NoAnswer as failure:
        if failure.reason in OUTAGES:
            breaker.failed()
        elif failure.reason != Reason.BUSY:
            breaker.succeeded()
        raise
    breaker.succeeded()
    return reply
