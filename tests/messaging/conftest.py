"""Mails, a clock, and providers that are scripts or real servers on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache

from apps.accounts.models import Organization
from apps.core.models import OutboxEvent
from apps.messaging import actions, providers
from apps.messaging.models import Message
from apps.messaging.providers.base import Mail, Receipt
from tests.fakes.sendgrid import API_KEY, SendGrid
from tests.fakes.ses import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Ses
from tests.fakes.smtp import SmtpSink

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def closed_breakers(db: None) -> None:
    """No test inherits another one's open circuit."""
    cache.clear()


@dataclass
class Scripted:
    """A provider that does what the next entry of its script says, and accepts when the script is at its end."""

    name: str = "smtp"
    script: list[Exception | Receipt] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    before: Callable[[Mail], Any] | None = None
    is_configured: bool = True
    place: str = "test"
    breaker_host: str = ""

    def send(self, mail: Mail) -> Receipt:
        self.mails.append(mail)
        if self.before is not None:
            self.before(mail)
        step = self.script.pop(0) if self.script else Receipt(f"{self.name}-{len(self.mails)}")
        if isinstance(step, Exception):
            raise step
        return step

    def check(self) -> str:
        return "fine"


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let these be the chain."""

    def put(*chain: Scripted) -> None:
        monkeypatch.setattr(providers, "chain", lambda: list(chain))

    return put


def draft(**changes: Any) -> actions.Draft:
    values: dict[str, Any] = {
        "kind": "survey",
        "to_address": "Mia@Example.com",
        "to_name": "Mia Müller",
        "subject": "How was it?",
        "text": "Please tell us.\n",
        "html": "<p>Please tell us.</p>",
        "reference": "feedback.surveyrequest:12",
        **changes,
    }
    return actions.Draft(**values)


@pytest.fixture
def write(organization: Organization) -> Callable[..., Message]:
    """Put a mail on its way."""

    def written(**changes: Any) -> Message:
        now = changes.pop("now", NOW)
        return actions.send(draft(**changes), organization=organization, now=now)

    return written


def announced(*names: str) -> list[str]:
    """The events of messaging so far, without their app; with names, only those."""
    all_names = OutboxEvent.objects.filter(name__startswith="messaging.").order_by("id").values_list("name", flat=True)
    short = [name.partition(".")[2] for name in all_names]
    return [name for name in short if not names or name in names]


def states(message: Message) -> list[str]:
    """The states of its history."""
    return list(message.events.order_by("id").values_list("state", flat=True))


@pytest.fixture
def smtp(settings: Any) -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        settings.SMTP_URL = sink.url
        settings.EMAIL_PROVIDERS = ["smtp"]
        yield sink


@pytest.fixture
def sendgrid(settings: Any) -> Iterator[SendGrid]:
    with SendGrid() as server:
        settings.SENDGRID_URL, settings.SENDGRID_API_KEY = server.url, API_KEY
        settings.SENDGRID_WEBHOOK_KEY = server.webhook_public_key
        settings.EMAIL_PROVIDERS = ["sendgrid"]
        yield server


@pytest.fixture
def ses(settings: Any) -> Iterator[Ses]:
    with Ses() as server:
        settings.SES_URL, settings.SES_REGION = server.url, REGION
        settings.SES_ACCESS_KEY_ID, settings.SES_SECRET_ACCESS_KEY = ACCESS_KEY_ID, SECRET_ACCESS_KEY
        settings.SES_TOPIC_ARN = server.topic_arn
        settings.SNS_CERTIFICATE_URL = rf"{server.url}/SimpleNotificationService-[a-z0-9]+\.pem"
        settings.EMAIL_PROVIDERS = ["ses"]
        yield server


def mail(**changes: Any) -> Mail:
    values: dict[str, Any] = {
        "id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "kind": "survey",
        "message_id": "<0f8fad5b-d9cb-469f-a165-70867728950e@harbour.example>",
        "from_address": "hello@harbour.example",
        "from_name": "Harbour Opticians",
        "to_address": "mia@example.com",
        "to_name": "Mia Müller",
        "subject": "Wie war’s? 👓",
        "text": "Grüße\n.\nEnde\n",
        "html": "<p>Grüße</p>",
        **changes,
    }
    return Mail(**values)


def sent_to(mails: Sequence[Mail]) -> list[str]:
    return [each.to_address for each in mails]
