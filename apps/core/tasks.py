"""Background work of the kernel."""

from __future__ import annotations

import time
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.core import files, metrics, outbox
from apps.core.models import IdempotencyRecord


@shared_task(name="core.deliver_waiting_events")
def deliver_waiting_events() -> None:
    """Deliver events until none is due; started by the waker and, for leftovers, by beat."""
    while outbox.deliver_waiting(now=timezone.now()) == outbox.BATCH:
        pass


@shared_task(name="core.forget_delivered_events")
def forget_delivered_events() -> None:
    """Keep the outbox small: delivered events are dropped after 30 days."""
    outbox.forget_delivered(before=timezone.now() - timedelta(days=30))


@shared_task(name="core.forget_old_idempotency_keys")
def forget_old_idempotency_keys() -> None:
    """Idempotency keys hold for 24 hours."""
    IdempotencyRecord.objects.expired(timezone.now()).delete()


@shared_task(name="core.forget_dead_processes_metrics")
def forget_dead_processes_metrics() -> None:
    """Keep the folder of metrics small."""
    metrics.forget_dead_processes(now=time.time())


@shared_task(name="core.scan_waiting_files")
def scan_waiting_files() -> None:
    """Show quarantined files to the scanner; started by the waker and, for leftovers, by beat."""
    files.scan_waiting(now=timezone.now())
