"""Background work of imports."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from apps.imports import actions
from apps.imports.actions.steering import WORK_TASK

# A file of ten million rows takes minutes; whoever is killed later is taken up again at the next chunk.
LONGEST_SECONDS = 6 * 3600


@shared_task(name=WORK_TASK, time_limit=LONGEST_SECONDS, soft_time_limit=LONGEST_SECONDS)
def work() -> None:
    """Do what imports ask for, one after the other; beat finds those whose worker was killed."""
    while (run := actions.claim_next(now=timezone.now())) is not None:
        actions.work_on(run, now=timezone.now())


@shared_task(name="imports.forget_old_files")
def forget_old_files() -> None:
    """Uploaded files and error files go after 30 days."""
    actions.forget_old_files(now=timezone.now())
