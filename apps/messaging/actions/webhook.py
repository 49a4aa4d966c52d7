"""What providers told us: kept first, worked through later."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, connection, transaction

from apps.core import audit, waker
from apps.core.http import OutgoingError
from apps.messaging.actions import outcome
from apps.messaging.actions.outcome import News
from apps.messaging.models import Message, WebhookDelivery
from apps.messaging.webhooks import sendgrid, ses
from apps.messaging.webhooks.report import Report

log = structlog.get_logger(__name__)

WEBHOOK_TASK = "messaging.work_through_webhooks"
LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 8
BATCH = 50
KEEP_FOR = timedelta(days=30)


@transaction.atomic
def receive(provider: str, delivery_id: str, body: str, *, now: datetime) -> bool:
    """Keep a verified delivery for later; False for one that is here already."""
    try:
        with transaction.atomic():
            WebhookDelivery.objects.create(
                provider=provider,
                delivery_id=delivery_id,
                # PostgreSQL cannot store NUL, and no JSON needs it.
                body=body.replace("\0", ""),
                received_at=now,
                next_attempt_at=now,
            )
    except IntegrityError:
        return False
    transaction.on_commit(wake)
    return True


def refuse(provider: str, reason: str) -> None:
    """Write down that somebody claimed to be the provider."""
    log.warning("webhook_refused", provider=provider, reason=reason)
    audit.record(
        "webhook.refused", by=audit.System(f"{provider} webhook"), organization_id=None, after={"reason": reason}
    )


def work_through(*, clock: Callable[[], datetime], limit: int = BATCH) -> int:
    """Work through up to `limit` deliveries; returns how many. Safe beside other workers."""
    deliveries = _claim(clock(), limit)
    for delivery in deliveries:
        _work(delivery, clock())
    return len(deliveries)


def forget_old(*, now: datetime) -> int:
    """Delete deliveries older than 30 days; returns how many. Their events are in the histories."""
    return WebhookDelivery.objects.filter(received_at__lt=now - KEEP_FOR).delete()[0]


def wake() -> None:
    """Ask for deliveries to be worked through soon."""
    waker.wake(WEBHOOK_TASK)


@transaction.atomic
def _claim(now: datetime, limit: int) -> list[WebhookDelivery]:
    due = WebhookDelivery.objects.due(now).order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    deliveries = list(due[:limit])
    WebhookDelivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries]).update(next_attempt_at=now + LEASE)
    return deliveries


def _work(delivery: WebhookDelivery, now: datetime) -> None:
    try:
        with transaction.atomic():
            for report in _reports(delivery):
                _apply(delivery.provider, report, now)
    except OutgoingError as error:
        _postpone(delivery, error, now)
    except Exception as error:
        log.exception("webhook_failed", delivery_id=delivery.pk, provider=delivery.provider)
        _postpone(delivery, error, now)
    else:
        delivery.processed_at, delivery.last_error = now, ""
        delivery.save(update_fields=["processed_at", "last_error"])


def _reports(delivery: WebhookDelivery) -> list[Report]:
    if delivery.provider == "sendgrid":
        return sendgrid.reports(delivery.body)
    envelope = json.loads(delivery.body)
    if envelope["Type"] == ses.SUBSCRIPTION:
        ses.confirm_subscription(envelope)
    return ses.reports(envelope["Message"]) if envelope["Type"] == ses.NOTIFICATION else []


def _apply(provider: str, report: Report, now: datetime) -> None:
    message_pk = _message_of(provider, report)
    if message_pk is None:
        log.info("webhook_about_nothing_of_ours", provider=provider, event_id=report.event_id)
        return
    news = News(
        state=report.state,
        at=report.at,
        provider=provider,
        provider_message_id=report.provider_message_id,
        provider_event_id=report.event_id,
        code=report.code,
        detail=report.detail,
        bounce_class=report.bounce_class,
        address=report.address,
    )
    outcome.record(message_pk, news, now=now)


def _message_of(provider: str, report: Report) -> int | None:
    messages = Message.objects.values_list("pk", flat=True)
    if report.message is not None:
        return messages.filter(public_id=report.message).first()
    if not report.provider_message_id:
        return None
    return messages.filter(provider=provider, provider_message_id=report.provider_message_id).first()


def _postpone(delivery: WebhookDelivery, error: Exception, now: datetime) -> None:
    delivery.attempts += 1
    delivery.last_error = f"{type(error).__name__}: {error}"[:500]
    delivery.next_attempt_at = now + timedelta(seconds=random.uniform(1, 15 * 2**delivery.attempts))
    if delivery.attempts >= MAX_ATTEMPTS:
        delivery.dead_at = now
    delivery.save(update_fields=["attempts", "last_error", "next_attempt_at", "dead_at"])
