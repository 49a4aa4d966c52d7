"""Background work of tracking: sweeps over rows that say themselves what is to be done."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from apps.tracking import actions
from apps.tracking.models import Source

# A sweep ends before its time limit; what is left over is the next one's.
LONGEST_SECONDS = 120


@shared_task(name="tracking.follow")
def follow() -> None:
    """Do what follows from new events; woken by them, and by beat for what was left behind."""
    ends = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < ends and actions.follow_next(now=timezone.now()):
        pass


@shared_task(name="tracking.announce")
def announce() -> None:
    """Announce what came in, and the days that changed."""
    for source in Source.objects.to_announce().order_by("id").iterator():
        actions.announce_received(source, now=timezone.now())
    while actions.announce_changed_days(now=timezone.now()):
        pass


@shared_task(name="tracking.keep_partitions")
def keep_partitions() -> None:
    """Make the coming months, and forget what the installation or an organisation no longer keeps."""
    actions.keep_partitions(now=timezone.now())
    actions.delete_for_organizations(now=timezone.now())
