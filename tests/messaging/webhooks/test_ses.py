"""SES by SNS: signatures 1 and 2, pinned topic and certificate, and what each event does."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.models import AuditEntry
from apps.messaging import actions
from apps.messaging.actions.webhook import KEEP_FOR
from apps.messaging.models import Message, Suppression, WebhookDelivery
from apps.messaging.webhooks import ses as reader
from apps.messaging.webhooks.report import BadSignature
from tests.fakes.ses import Ses
from tests.fakes.sns import ses_event
from tests.messaging.conftest import announced, states
from tests.messaging.webhooks.vectors import vectors

pytestmark = pytest.mark.django_db
Write = Callable[..., Message]


def post(signed: tuple[dict[str, str], bytes]) -> Any:
    headers, body = signed
    kind = headers.pop("Content-Type")
    return Client().post("/webhooks/ses/", body, content_type=kind, headers=headers)


def hear(ses: Ses, event: dict[str, Any], **options: Any) -> None:
    assert post(ses.sns_notification(event, **options)).status_code == 200
    actions.work_through(clock=timezone.now)


def about(message: Message, kind: Any, **details: Any) -> dict[str, Any]:
    address = details.pop("address", message.to_address)
    return ses_event(kind, address, message_id="0100-1", tags={"message": str(message.public_id)}, **details)


@pytest.mark.parametrize("vector", vectors("aws_sns"), ids=lambda vector: vector["id"])
def test_published_signatures(vector: dict[str, Any]) -> None:
    message, pem = vector["data"]["message"], vector["data"]["certificate"].encode()
    if vector["expect"] == "valid":
        reader.verify_signature(message, pem)
    else:
        with pytest.raises(BadSignature):
            reader.verify_signature(message, pem)


@pytest.mark.parametrize("vector", vectors("aws_sns", "cert_url"), ids=lambda vector: vector["id"])
def test_published_certificate_addresses(vector: dict[str, Any]) -> None:
    assert reader.is_certificate_url(vector["data"]["url"]) is (vector["expect"] == "accept")


@pytest.mark.parametrize(
    ("url", "is_believed"),
    [
        ("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0ab1.pem", True),
        ("https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0ab1.pem", True),
        ("http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0ab1.pem", False),
        ("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0ab1.pem\n", False),
        ("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0ab1.pem?x=1", False),
        ("https://sns.eu-central-1.amazonaws.com@evil.example/SimpleNotificationService-0ab1.pem", False),
        ("https://evil.example/https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0ab1.pem", False),
        ("https://s3.amazonaws.com/SimpleNotificationService-0ab1.pem", False),
    ],
)
def test_certificate_addresses(url: str, is_believed: bool) -> None:
    assert reader.is_certificate_url(url) is is_believed


@pytest.mark.parametrize("version", [1, 2])
def test_delivered(ses: Ses, write: Write, version: Literal[1, 2]) -> None:
    message = write()
    hear(ses, about(message, "DeliveryDelay"), version=version)
    hear(ses, about(message, "Delivery"), version=version)
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == ("delivered", "0100-1")
    assert states(message) == ["delayed", "delivered"]
    certificates = [request for request in ses.requests if request.path.endswith(".pem")]
    assert len(certificates) == 1, "the certificate is kept"


def test_a_replay_does_nothing(ses: Ses, write: Write) -> None:
    message = write()
    event = about(message, "Delivery")
    for _ in range(2):
        hear(ses, event, message_id="m-1")
    hear(ses, event, message_id="m-2")
    assert WebhookDelivery.objects.count() == 2
    assert (states(message), announced()) == (["delivered"], ["MessageDelivered"])


@pytest.mark.parametrize(
    "change", ["message", "topic", "signature", "version", "cert_host", "not_json", "list", "type"]
)
def test_what_is_not_from_our_topic(ses: Ses, write: Write, change: str) -> None:
    event = about(write(), "Bounce")
    options: dict[str, Any] = {}
    if change == "topic":
        options["topic_arn"] = "arn:aws:sns:us-east-1:999999999999:somebody-else"
    if change == "cert_host":
        options["cert_url"] = f"http://localhost:{ses.port}/SimpleNotificationService-0123.pem"
    headers, body = ses.sns_notification(event, **options)
    envelope = json.loads(body)
    changes: dict[str, dict[str, Any]] = {
        "message": {"Message": "{}"},
        "signature": {"Signature": "bad"},
        "version": {"SignatureVersion": "3"},
        "type": {"Type": 7},
    }
    body = json.dumps(envelope | changes[change]).encode() if change in changes else body
    body = {"not_json": b"{", "list": b"[1]"}.get(change, body)
    assert post((headers, body)).status_code == 401
    assert not WebhookDelivery.objects.exists()
    assert AuditEntry.objects.get(action="webhook.refused").actor_label == "ses webhook"


def test_a_certificate_that_cannot_be_fetched_now(ses: Ses, write: Write) -> None:
    ses.behave(status=500, path="pem", times=5)
    signed = ses.sns_notification(about(write(), "Delivery"))
    assert post((dict(signed[0]), signed[1])).status_code == 503
    ses.recover()
    assert post((dict(signed[0]), signed[1])).status_code == 200


def test_without_a_topic_there_is_no_such_page(ses: Ses, settings: Any) -> None:
    settings.SES_TOPIC_ARN = ""
    assert post(ses.sns_subscription()).status_code == 404


def test_a_subscription_is_confirmed(ses: Ses) -> None:
    assert post(ses.sns_subscription()).status_code == 200
    assert ses.confirmed == [], "not within the request"
    actions.work_through(clock=timezone.now)
    assert ses.confirmed == [ses.topic_arn]


def test_only_on_the_host_of_the_certificate(ses: Ses) -> None:
    _, body = ses.sns_subscription()
    envelope = json.loads(body) | {"SubscribeURL": "http://127.0.0.1:1/?Action=ConfirmSubscription"}
    with pytest.raises(ValueError, match="host"):
        reader.confirm_subscription(envelope)


def test_a_confirmation_that_fails_is_tried_again(ses: Ses) -> None:
    ses.behave(status=500, path="^/$", times=3)
    post(ses.sns_subscription())
    actions.work_through(clock=timezone.now)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.attempts, delivery.processed_at) == (1, None)
    actions.work_through(clock=lambda: delivery.next_attempt_at)
    delivery.refresh_from_db()
    assert delivery.processed_at is not None
    assert ses.confirmed == [ses.topic_arn]


def recipient(status: str, text: str, address: str = "mia@example.com") -> list[dict[str, str]]:
    return [{"emailAddress": address, "action": "failed", "status": status, "diagnosticCode": f"smtp; {text}"}]


@pytest.mark.parametrize(
    ("details", "bounce_class", "is_suppressed"),
    [
        ({}, "hard", True),
        ({"bouncedRecipients": recipient("5.2.2", "552 5.2.2 full")}, "soft", False),
        ({"bouncedRecipients": recipient("5.7.1", "550 5.7.1 policy")}, "policy", False),
        ({"bounceType": "Transient", "bounceSubType": "MailboxFull"}, "soft", False),
        ({"bounceType": "Undetermined"}, "soft", False),
        ({"bouncedRecipients": [{"emailAddress": "mia@example.com"}]}, "hard", True),
    ],
)
def test_bounces(ses: Ses, write: Write, details: dict[str, Any], bounce_class: str, is_suppressed: bool) -> None:
    message = write()
    hear(ses, about(message, "Bounce", **details))
    message.refresh_from_db()
    assert (message.state, message.bounce_class) == ("bounced", bounce_class)
    assert Suppression.objects.exists() is is_suppressed


def test_the_bounced_address_is_held_back_and_not_the_one_on_the_envelope(ses: Ses, write: Write) -> None:
    message = write()
    event = about(message, "Bounce", bouncedRecipients=recipient("5.1.1", "550", "Forwarded@Example.org"))
    hear(ses, event)
    assert [row.address for row in Suppression.objects.all()] == ["forwarded@example.org"]


def test_a_complaint_beats_a_late_delivery(ses: Ses, write: Write) -> None:
    message = write()
    hear(ses, about(message, "Complaint"))
    hear(ses, about(message, "Delivery"))
    message.refresh_from_db()
    assert message.state == "complained"
    assert Suppression.objects.get().reason == "complaint"


def test_feedback_notifications_without_tags_find_the_row_too(ses: Ses, write: Write) -> None:
    message = write()
    Message.objects.update(provider="ses", provider_message_id="0100-7", state="accepted")
    event = ses_event("Bounce", message.to_address, message_id="0100-7")
    event["notificationType"] = event.pop("eventType")
    hear(ses, event)
    message.refresh_from_db()
    assert message.state == "bounced"


def test_a_provider_whose_clock_is_ahead(ses: Ses, write: Write) -> None:
    message = write()
    ahead = datetime.fromisoformat("2999-01-01T00:00:00+00:00")
    hear(ses, about(message, "Delivery", at=ahead))
    message.refresh_from_db()
    assert message.delivered_at is not None and message.delivered_at <= timezone.now()


@pytest.mark.parametrize(
    "event", [{}, [], {"eventType": "Bounce"}, {"eventType": "Bounce", "mail": 3}, {"eventType": "Open"}]
)
def test_nonsense_is_left_out(ses: Ses, event: Any) -> None:
    hear(ses, event)
    assert WebhookDelivery.objects.get().processed_at is not None


def test_old_deliveries_are_forgotten(ses: Ses) -> None:
    now = timezone.now()
    actions.receive("ses", "old", "{}", now=now - KEEP_FOR * 2)
    actions.receive("ses", "new", "{}", now=now)
    assert actions.forget_old(now=now) == 1
    assert WebhookDelivery.objects.get().delivery_id == "new"


@pytest.mark.parametrize("body", [b"\xff{", b"", b"null", b'"x"', b'{"a": 1}', b"[" * 100_000])
def test_what_is_no_sns_message(body: bytes) -> None:
    with pytest.raises(BadSignature):
        reader.envelope_of(body)
