"""Numbers of messaging for a scrape."""

from __future__ import annotations

from django.utils import timezone

from apps.core import metrics
from apps.messaging.models import Message, MessageState, WebhookDelivery


@metrics.gauge_source("compass_mails_waiting", "Mails on their way out, by state", ["state"])
def mails_waiting() -> metrics.Samples:
    """Each of these states has an index that holds only its rows."""
    return {
        (state.value,): Message.objects.filter(state=state).count()
        for state in (MessageState.QUEUED, MessageState.SENDING)
    }


@metrics.gauge_source("compass_mails_overdue_seconds", "How long the longest overdue mail has been due")
def mails_overdue() -> metrics.Samples:
    """0 when none is."""
    now = timezone.now()
    due = Message.objects.due(now).order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    return {(): (now - due).total_seconds() if due else 0.0}


@metrics.gauge_source("compass_webhooks_waiting", "Webhook deliveries that are not worked through")
def webhooks_waiting() -> metrics.Samples:
    """Those given up are not counted."""
    return {(): WebhookDelivery.objects.filter(processed_at=None, dead_at=None).count()}
