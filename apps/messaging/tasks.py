"""Background work of messaging."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from celery import shared_task
from django.utils import timezone

from apps.messaging import actions
from apps.messaging.actions.message import SEND_TASK, wake
from apps.messaging.actions.webhook import WEBHOOK_TASK

# Well under the task's time limit: whatever is left is a new task's.
STINT_SECONDS = 60


@shared_task(name=SEND_TASK)
def send_waiting() -> None:
    """Send due messages until none is due; started by the waker and, for leftovers, by beat."""
    if not _until_done(actions.send_due):
        wake()


@shared_task(name=WEBHOOK_TASK)
def work_through_webhooks() -> None:
    """Work through what providers told us."""
    _until_done(actions.work_through)


@shared_task(name="messaging.mark_abandoned")
def mark_abandoned() -> None:
    """Say of mails whose worker was killed that nobody knows whether they left."""
    while actions.mark_abandoned(now=timezone.now()):
        pass


@shared_task(name="messaging.tidy_up")
def tidy_up() -> None:
    """Release suppressions that ran out; forget old webhook deliveries."""
    now = timezone.now()
    actions.release_run_out(now=now)
    actions.forget_old(now=now)


def _until_done(work: Callable[..., int]) -> bool:
    end = time.monotonic() + STINT_SECONDS
    clock: Callable[[], datetime] = timezone.now
    while work(clock=clock):
        if time.monotonic() > end:
            return False
    return True
