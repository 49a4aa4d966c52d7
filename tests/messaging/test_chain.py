"""The chain of real providers on loopback: one is ill, the next one takes over, and nothing goes out twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Organization
from apps.core import waker
from apps.core.schedule import SCHEDULE
from apps.messaging import actions, gauges, providers, schedule, tasks
from apps.messaging.models import Message
from tests.fakes.sendgrid import SendGrid
from tests.fakes.ses import Ses
from tests.fakes.smtp import SmtpSink

pytestmark = pytest.mark.django_db
Write = Callable[..., Message]


@pytest.fixture
def chain(sendgrid: SendGrid, ses: Ses, smtp: SmtpSink, settings: Any, organization: Organization) -> None:
    organization.sender_email = "hello@harbour.example"
    organization.save()
    settings.EMAIL_PROVIDERS = ["sendgrid", "ses", "smtp"]


def state_of(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.provider


def arrived(sendgrid: SendGrid, ses: Ses, smtp: SmtpSink) -> tuple[int, int, int]:
    return len(sendgrid.sent), len(ses.sent), len(smtp.mails)


@pytest.mark.usefixtures("chain")
class TestChain:
    def test_a_good_day(self, write: Write, sendgrid: SendGrid, ses: Ses, smtp: SmtpSink) -> None:
        message = write(now=timezone.now())
        tasks.send_waiting()
        assert state_of(message) == ("accepted", "sendgrid")
        assert arrived(sendgrid, ses, smtp) == (1, 0, 0)

    def test_two_are_ill(self, write: Write, sendgrid: SendGrid, ses: Ses, smtp: SmtpSink) -> None:
        sendgrid.behave(status=500)
        ses.behave(status=429)
        message = write(now=timezone.now())
        tasks.send_waiting()
        assert state_of(message) == ("accepted", "smtp")
        assert arrived(sendgrid, ses, smtp) == (0, 0, 1)
        (mail,) = smtp.mails
        assert str(mail.message["Message-ID"]) == message.message_id

    def test_the_first_falls_silent(self, write: Write, sendgrid: SendGrid, ses: Ses, smtp: SmtpSink) -> None:
        sendgrid.behave(drop_connection="after")
        message = write(now=timezone.now())
        tasks.send_waiting()
        assert state_of(message) == ("unknown", "sendgrid")
        assert arrived(sendgrid, ses, smtp) == (1, 0, 0)
        event = sendgrid.event("delivered", message.to_address, compass_message=str(message.public_id))
        actions.receive("sendgrid", "d", sendgrid.sign_events([event])[1].decode(), now=timezone.now())
        tasks.work_through_webhooks()
        assert state_of(message) == ("delivered", "sendgrid"), "the webhook knew"

    def test_all_are_away_and_come_back(self, write: Write, sendgrid: SendGrid, ses: Ses, smtp: SmtpSink) -> None:
        for server in (sendgrid, ses, smtp):
            server.stop()  # type: ignore[attr-defined]
        message = write(now=timezone.now())
        tasks.send_waiting()
        message.refresh_from_db()
        assert message.is_delayed
        smtp.start()
        actions.send_due(clock=lambda: message.next_attempt_at)
        assert state_of(message) == ("accepted", "smtp")
        assert arrived(sendgrid, ses, smtp) == (0, 0, 1)


def test_the_chain_is_what_the_settings_say(settings: Any) -> None:
    settings.EMAIL_PROVIDERS = ["ses", "pigeon", "sendgrid", "outbox"]
    settings.SES_ACCESS_KEY_ID = ""
    settings.SENDGRID_API_KEY = "SG.x"
    assert [provider.name for provider in providers.named()] == ["ses", "sendgrid", "outbox"]
    assert [provider.name for provider in providers.chain()] == ["sendgrid", "outbox"]


@pytest.mark.django_db(transaction=True)
def test_a_page_never_waits_for_the_broker(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is the order; the waker only asks, after the commit, and the sweep finds the row without it."""
    woken: list[str] = []
    monkeypatch.setattr(waker, "wake", woken.append)
    with transaction.atomic():
        write()
        transaction.set_rollback(True)
    assert (woken, Message.objects.count()) == ([], 0)
    write()
    assert woken == ["messaging.send_waiting"]


def test_every_sweep_is_in_beats_book() -> None:
    assert schedule.SEND_TASK in {entry.task for entry in SCHEDULE}
    ours = {entry.task for entry in SCHEDULE if entry.task.startswith("messaging.")}
    assert ours == {task.name for task in vars(tasks).values() if hasattr(task, "apply_async")}
    tasks.mark_abandoned()
    tasks.tidy_up()


def test_numbers_for_a_scrape(write: Write) -> None:
    write(now=timezone.now())
    assert gauges.mails_waiting() == {("queued",): 1, ("sending",): 0}
    assert 0 <= gauges.mails_overdue()[()] < 60
    assert gauges.webhooks_waiting() == {(): 0}
