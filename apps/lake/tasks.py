"""Background work of the lake."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from apps.lake import actions

# Well under the task's time limit: whatever is left is a new task's.
STINT_SECONDS = 60


@shared_task(name=actions.UPLOAD_TASK)
def upload_waiting() -> None:
    """Carry due files to the store until none is due; started by the waker and, for leftovers, by beat."""
    end = time.monotonic() + STINT_SECONDS
    while actions.upload_next(now=timezone.now()):
        if time.monotonic() > end:
            actions.wake()
            return
