"""SendGrid's webhook: signature, replay, and what each event does."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.models import AuditEntry
from apps.messaging import actions
from apps.messaging.models import Message, Suppression, WebhookDelivery
from apps.messaging.webhooks import sendgrid as reader
from apps.messaging.webhooks.report import BadSignature
from tests.fakes.sendgrid import SendGrid
from tests.messaging.conftest import announced, states
from tests.messaging.webhooks.vectors import vectors

pytestmark = pytest.mark.django_db
Write = Callable[..., Message]


def post(events: tuple[dict[str, str], bytes]) -> Any:
    headers, body = events
    kind = headers.pop("Content-Type")
    return Client().post("/webhooks/sendgrid/", body, content_type=kind, headers=headers)


def hear(sendgrid: SendGrid, *events: dict[str, Any]) -> None:
    assert post(sendgrid.sign_events(events)).status_code == 200
    actions.work_through(clock=timezone.now)


@pytest.mark.parametrize("vector", vectors("sendgrid_event"), ids=lambda vector: vector["id"])
def test_published_signatures(vector: dict[str, Any]) -> None:
    data = vector["data"]
    stamp = data["headers"]["X-Twilio-Email-Event-Webhook-Timestamp"]
    now = datetime.fromtimestamp(int(stamp) if stamp.isdecimal() else 0, UTC)

    def check() -> None:
        reader.verify(data["headers"], data["body"].encode(), public_key=data["public_key"], now=now)

    if vector["expect"] == "valid":
        check()
    else:
        with pytest.raises(BadSignature):
            check()


def test_delivered(sendgrid: SendGrid, write: Write) -> None:
    message = write()
    hear(
        sendgrid,
        sendgrid.event("processed", message.to_address, compass_message=str(message.public_id)),
        sendgrid.event("deferred", message.to_address, compass_message=str(message.public_id)),
        sendgrid.event("delivered", message.to_address, compass_message=str(message.public_id)),
        sendgrid.event("open", message.to_address, compass_message=str(message.public_id)),
    )
    message.refresh_from_db()
    assert (message.state, states(message)) == ("delivered", ["accepted", "delayed", "delivered"])
    assert announced() == ["MessageAccepted", "MessageDelivered"]


def test_a_replay_does_nothing(sendgrid: SendGrid, write: Write) -> None:
    message = write()
    event = sendgrid.event("delivered", message.to_address, compass_message=str(message.public_id))
    signed = sendgrid.sign_events([event])
    for _ in range(3):
        assert post((dict(signed[0]), signed[1])).status_code == 200
    assert WebhookDelivery.objects.count() == 1
    hear(sendgrid, event, sendgrid.event("click", message.to_address))
    assert states(message) == ["delivered"], "the same event in another delivery is the same event"
    assert announced() == ["MessageDelivered"]


@pytest.mark.parametrize("change", ["body", "signature", "no_signature", "old", "future", "no_timestamp"])
def test_what_is_not_from_sendgrid(sendgrid: SendGrid, write: Write, change: str) -> None:
    message = write()
    event = sendgrid.event("bounce", message.to_address, compass_message=str(message.public_id))
    shift = {"old": -400, "future": 400}.get(change, 0)
    headers, body = sendgrid.sign_events([event], timestamp=int(time.time()) + shift)
    if change == "body":
        body = body.rstrip()
    elif change == "signature":
        headers[reader.SIGNATURE_HEADER] = "bm90IGEgc2lnbmF0dXJl"
    elif change == "no_signature":
        del headers[reader.SIGNATURE_HEADER]
    elif change == "no_timestamp":
        del headers[reader.TIMESTAMP_HEADER]
    assert post((headers, body)).status_code == 401
    assert not WebhookDelivery.objects.exists()
    entry = AuditEntry.objects.get(action="webhook.refused")
    assert (entry.actor_label, entry.organization_id) == ("sendgrid webhook", None)


def test_without_a_key_there_is_no_such_page(sendgrid: SendGrid, settings: Any) -> None:
    settings.SENDGRID_WEBHOOK_KEY = ""
    assert post(sendgrid.sign_events([])).status_code == 404
    settings.SENDGRID_WEBHOOK_KEY = sendgrid.webhook_public_key
    assert Client().get("/webhooks/sendgrid/").status_code == 405


@pytest.mark.parametrize(
    ("details", "bounce_class", "is_suppressed"),
    [
        ({}, "hard", True),
        ({"status": "5.2.2", "reason": "552 5.2.2 full"}, "soft", False),
        ({"status": "5.7.1", "reason": "550 5.7.1 spam"}, "policy", False),
        ({"status": "550", "reason": "550 5.7.26 unauthenticated"}, "policy", False),
        ({"status": "", "reason": "no", "bounce_classification": "Invalid Address"}, "hard", True),
        ({"status": "", "reason": "no", "bounce_classification": "Reputation"}, "policy", False),
        ({"status": "", "reason": "no", "bounce_classification": "Technical"}, "soft", False),
        ({"type": "blocked", "status": "5.1.1", "reason": "550 5.1.1"}, "soft", False),
    ],
)
def test_bounces(
    sendgrid: SendGrid, write: Write, details: dict[str, Any], bounce_class: str, is_suppressed: bool
) -> None:
    message = write()
    hear(sendgrid, sendgrid.event("bounce", message.to_address, compass_message=str(message.public_id), **details))
    message.refresh_from_db()
    assert (message.state, message.bounce_class) == ("bounced", bounce_class)
    assert Suppression.objects.exists() is is_suppressed


def test_a_complaint_beats_a_late_delivery(sendgrid: SendGrid, write: Write) -> None:
    message = write()
    ours = {"compass_message": str(message.public_id)}
    hear(sendgrid, sendgrid.event("spamreport", message.to_address, **ours))
    hear(sendgrid, sendgrid.event("delivered", message.to_address, **ours))
    message.refresh_from_db()
    assert message.state == "complained"
    assert Suppression.objects.get().reason == "complaint"
    assert announced() == ["MessageComplained"]


@pytest.mark.parametrize(
    ("reason", "state", "is_suppressed"),
    [
        ("Bounced Address", "bounced", True),
        ("Spam Content", "failed", False),
        ("Unsubscribed Address", "failed", False),
    ],
)
def test_dropped(sendgrid: SendGrid, write: Write, reason: str, state: str, is_suppressed: bool) -> None:
    message = write()
    event = sendgrid.event("dropped", message.to_address, compass_message=str(message.public_id), reason=reason)
    hear(sendgrid, event)
    message.refresh_from_db()
    assert message.state == state
    assert Suppression.objects.exists() is is_suppressed


def test_our_row_is_found_by_the_providers_id_too(sendgrid: SendGrid, write: Write) -> None:
    message = write()
    Message.objects.update(provider="sendgrid", provider_message_id="abc", state="unknown")
    hear(sendgrid, sendgrid.event("delivered", message.to_address, sg_message_id="abc"))
    message.refresh_from_db()
    assert message.state == "delivered"


@pytest.mark.parametrize(
    "event",
    [
        {"event": "delivered"},
        {"event": "delivered", "timestamp": "soon"},
        {"event": "delivered", "timestamp": 1e300},
        {"event": ["delivered"], "timestamp": 1},
        {"event": "delivered", "timestamp": 1, "compass_message": {"a": 1}, "email": None},
        {"event": "bounce", "timestamp": 1, "compass_message": "0f8fad5b-d9cb-469f-a165-70867728950e"},
        ["no event"],
        "no event",
        None,
    ],
)
def test_nonsense_is_left_out_and_the_rest_is_heard(sendgrid: SendGrid, write: Write, event: Any) -> None:
    message = write()
    good = sendgrid.event("delivered", message.to_address, compass_message=str(message.public_id), reason="a\0b")
    hear(sendgrid, event, good)
    message.refresh_from_db()
    assert message.state == "delivered"
    assert WebhookDelivery.objects.get().processed_at is not None


def test_a_signed_body_that_is_no_list_ends_as_a_dead_delivery(sendgrid: SendGrid) -> None:
    now = timezone.now()
    actions.receive("sendgrid", "x", '{"event": 1}', now=now)
    for hours in range(1, 12):
        actions.work_through(clock=lambda hours=hours: now.replace(year=now.year + hours))  # type: ignore[misc]
    delivery = WebhookDelivery.objects.get()
    assert delivery.dead_at is not None
    assert "not a list" in delivery.last_error
