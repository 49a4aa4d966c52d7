"""Several workers at once, and workers that are really killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection, connections
from django.utils import timezone

from apps.accounts.models import Organization
from apps.messaging import actions
from apps.messaging.actions import delivery
from apps.messaging.models import Message
from tests.fakes.smtp import SmtpSink
from tests.messaging.conftest import announced, draft

pytestmark = pytest.mark.django_db(transaction=True)
Write = Callable[..., Message]


def in_threads(count: int, work: Callable[[], object]) -> None:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_many_workers_send_each_mail_once(write: Write, smtp: SmtpSink) -> None:
    for number in range(40):
        write(to_address=f"p{number}@example.com", now=timezone.now())

    def work() -> None:
        while actions.send_due(clock=timezone.now, limit=3):
            pass

    in_threads(4, work)
    sent = Counter(recipient for mail in smtp.mails for recipient in mail.recipients)
    assert sent == {f"p{number}@example.com": 1 for number in range(40)}
    assert set(Message.objects.values_list("state", "attempts")) == {("accepted", 1)}
    assert announced() == ["MessageAccepted"] * 40


def test_one_key_at_one_moment_is_one_message(organization: Organization) -> None:
    now = timezone.now()
    found: list[int] = []
    in_threads(
        6,
        lambda: found.append(actions.send(draft(idempotency_key="k"), organization=organization, now=now).pk),
    )
    assert len(found) == 6 and len(set(found)) == 1


def test_one_webhook_from_many_sides_is_heard_once(organization: Organization) -> None:
    now = timezone.now()
    heard: list[bool] = []
    in_threads(6, lambda: heard.append(actions.receive("ses", "d-1", "{}", now=now)))
    assert sorted(heard) == [False] * 5 + [True]


def database_url() -> str:
    """The test database, for another process."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    host = f"{database['HOST']}:{database['PORT']}" if database["PORT"] else database["HOST"]
    return f"postgres://{database['USER']}:{database['PASSWORD']}@{host}/{database['NAME']}"


WORKER = """
import os, signal, sys
import django
django.setup()
from apps.messaging.actions import delivery
from apps.messaging.tasks import send_waiting

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[1]:
    setattr(delivery, sys.argv[1], die)
send_waiting()
"""


@pytest.fixture
def worker(smtp: SmtpSink) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Start a worker process; with the name of a step it kills itself (-9) when it comes to it."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "VAR_DIR": str(configured.VAR_DIR),
        "EMAIL_PROVIDERS": "smtp",
        "SMTP_URL": smtp.url,
    }

    def start(step: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", WORKER, step], env=environment, cwd=configured.BASE_DIR)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_killed_before_it_began_the_mail_is_sent_once_later(
    write: Write, smtp: SmtpSink, worker: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    message = write(now=timezone.now())
    assert worker("_begin").wait(60) == -signal.SIGKILL
    message.refresh_from_db()
    assert (message.state, len(smtp.mails)) == ("queued", 0)
    Message.objects.update(lease_until=timezone.now())
    assert worker("").wait(60) == 0
    message.refresh_from_db()
    assert (message.state, len(smtp.mails)) == ("accepted", 1)


def test_killed_after_the_server_took_it_the_mail_is_not_doubled(
    write: Write, smtp: SmtpSink, worker: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    message = write(now=timezone.now())
    assert worker("_accepted").wait(60) == -signal.SIGKILL
    message.refresh_from_db()
    assert (message.state, len(smtp.mails)) == ("sending", 1)
    later = timezone.now() + delivery.LEASE + timedelta(seconds=1)
    assert actions.send_due(clock=lambda: later) == 0
    assert actions.mark_abandoned(now=later) == 1
    message.refresh_from_db()
    assert (message.state, len(smtp.mails)) == ("unknown", 1)


def test_killed_from_outside_in_the_middle_of_the_dialogue(
    write: Write, smtp: SmtpSink, worker: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    message = write(now=timezone.now())
    smtp.behave(delay=60, stage="data", times=1)
    process = worker("")
    wait_until(lambda: smtp.attempts == [message.to_address])
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    message.refresh_from_db()
    assert message.state == "sending"
    later = timezone.now() + delivery.LEASE + timedelta(seconds=1)
    actions.mark_abandoned(now=later)
    message.refresh_from_db()
    assert message.state == "unknown"


def wait_until(condition: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        threading.Event().wait(0.05)
