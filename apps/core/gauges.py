"""The kernel's own numbers for a scrape: outbox, queues, breakers."""

from __future__ import annotations

import time
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from apps.core import metrics
from apps.core.http import breaker
from apps.core.models import OutboxEvent

PHASE_NUMBERS = {breaker.CLOSED: 0.0, breaker.HALF_OPEN: 1.0, breaker.OPEN: 2.0}


@metrics.gauge_source("compass_outbox_waiting", "Events that wait for delivery")
def outbox_waiting() -> metrics.Samples:
    """Events that nobody has received yet."""
    return {(): OutboxEvent.objects.waiting().count()}


@metrics.gauge_source("compass_outbox_dead", "Events whose delivery was given up")
def outbox_dead() -> metrics.Samples:
    """Events whose delivery was given up."""
    return {(): OutboxEvent.objects.dead().count()}


@metrics.gauge_source("compass_outbox_oldest_seconds", "Age of the oldest waiting event")
def outbox_oldest() -> metrics.Samples:
    """Seconds since the oldest waiting event was announced; 0 when none waits."""
    oldest = OutboxEvent.objects.waiting().aggregate(oldest=Min("announced_at"))["oldest"]
    return {(): (timezone.now() - oldest).total_seconds() if oldest else 0.0}


@metrics.gauge_source("compass_queue_depth", "Messages in the broker", ["queue"])
def queue_depth() -> metrics.Samples:
    """Messages per queue. Redis knows; of the folder queue only all messages together."""
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]))
        return {("all",): sum(1 for _ in folder.iterdir())}
    with current_app.connection_for_read() as connection:
        client = getattr(connection.default_channel, "client", None)
        if client is None:  # AMQP brokers bring their own exporter
            return {}
        return {(queue,): client.llen(queue) for queue in settings.CELERY_TASK_QUEUES_EXPLAINED}


@metrics.gauge_source("compass_breaker", "0 closed, 1 half open, 2 open", ["host", "organization"])
def breaker_phases() -> metrics.Samples:
    """Circuits that opened within the last hour: 0 closed, 1 half open, 2 open."""
    return {labels: PHASE_NUMBERS[phase] for labels, phase in breaker.phases(time.time()).items()}
