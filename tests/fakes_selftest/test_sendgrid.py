"""The SendGrid fake: what it accepts, what it refuses, and that its webhooks verify with the published recipe."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.fakes.sendgrid import API_KEY, SendGrid

MAIL: dict[str, Any] = {
    "personalizations": [{"to": [{"email": "mia@example.com"}], "custom_args": {"message_id": "7"}}],
    "from": {"email": "hello@example.com", "name": "Compass"},
    "subject": "How was it?",
    "content": [{"type": "text/plain", "value": "Hi"}, {"type": "text/html", "value": "<p>Hi</p>"}],
}


@pytest.fixture
def sendgrid() -> Iterator[SendGrid]:
    with SendGrid() as server:
        yield server


def send(sendgrid: SendGrid, mail: Any, key: str = API_KEY) -> httpx2.Response:
    return httpx2.post(f"{sendgrid.url}/v3/mail/send", json=mail, headers={"Authorization": f"Bearer {key}"})


def test_a_good_mail_is_accepted_and_kept(sendgrid: SendGrid) -> None:
    response = send(sendgrid, MAIL)
    assert (response.status_code, response.content) == (202, b"")
    (mail,) = sendgrid.sent
    assert (mail.message_id, mail.recipients) == (response.headers["X-Message-Id"], ["mia@example.com"])
    assert mail.payload == MAIL


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{"to": []}]}, "personalizations.0.to"),
        ({"personalizations": [{"to": [{"email": "nobody"}]}]}, "personalizations.0.to.0.email"),
        ({"personalizations": [{"to": [{"email": "a@b.c"}, {"email": "A@b.c"}]}]}, "personalizations.0"),
        ({"from": None}, "from"),
        ({"subject": ""}, "subject"),
        ({"content": []}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        ({"content": list(reversed(MAIL["content"]))}, "content"),
        ({"custom_args": {"id": 7}}, "custom_args.id"),
        ({"headers": {"Subject": "x"}}, "headers.Subject"),
        ({"headers": {"X-A": "a\r\nBcc: x@y.z"}}, "headers.X-A"),
        ({"surprise": 1}, "surprise"),
        ({"attachments": [{"filename": "a", "content": "%"}]}, "attachments.0.content"),
    ],
)
def test_a_bad_shape_is_refused_by_field(sendgrid: SendGrid, change: dict[str, Any], field: str) -> None:
    response = send(sendgrid, MAIL | change)
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert sendgrid.sent == []


def test_keys_scopes_and_senders_are_checked(sendgrid: SendGrid) -> None:
    assert send(sendgrid, MAIL, key="SG.wrong").status_code == 401
    headers = {"Authorization": f"Bearer {API_KEY}"}
    assert "mail.send" in httpx2.get(f"{sendgrid.url}/v3/scopes", headers=headers).json()["scopes"]
    sendgrid.verified_senders = {"other@example.com"}
    assert send(sendgrid, MAIL).status_code == 403


def test_size_limit_and_troubles(sendgrid: SendGrid) -> None:
    sendgrid.max_bytes = 10
    assert send(sendgrid, MAIL).status_code == 413
    sendgrid.max_bytes = 10_000
    sendgrid.behave(status=429, retry_after=3, times=1)
    limited = send(sendgrid, MAIL)
    assert limited.headers["Retry-After"] == "3" and int(limited.headers["X-RateLimit-Reset"]) > 0
    assert limited.json()["errors"][0]["message"] == "too many requests"
    sendgrid.behave(garbage=True, times=1)
    with pytest.raises(ValueError):
        send(sendgrid, MAIL).json()
    sendgrid.behave(drop_connection=True, times=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        send(sendgrid, MAIL)
    assert sendgrid.sent == []
    sendgrid.behave(drop_connection="after", times=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        send(sendgrid, MAIL)
    assert len(sendgrid.sent) == 1
    assert send(sendgrid, MAIL).status_code == 202


def test_signed_events_verify_and_a_changed_byte_does_not(sendgrid: SendGrid) -> None:
    kinds = ["delivered", "bounce", "dropped", "spamreport", "deferred", "open", "click"]
    events = [sendgrid.event(kind, "mia@example.com", message_id="7") for kind in kinds]
    headers, body = sendgrid.sign_events(events, timestamp=1_700_000_000)
    assert json.loads(body) == events and body.endswith(b"\r\n")
    assert events[1]["bounce_classification"] == "Invalid Address"

    key = serialization.load_der_public_key(base64.b64decode(sendgrid.webhook_public_key))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    signature = base64.b64decode(headers["X-Twilio-Email-Event-Webhook-Signature"])
    key.verify(signature, b"1700000000" + body, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(signature, b"1700000000" + body.strip(), ec.ECDSA(hashes.SHA256()))
