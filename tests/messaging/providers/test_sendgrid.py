"""SendGrid on good and bad days."""

from __future__ import annotations

from typing import Any

import pytest

from apps.messaging.providers.base import MaybeAccepted, NotAccepted, RecipientRefused
from apps.messaging.providers.sendgrid import SendGrid
from tests.fakes.sendgrid import SendGrid as Fake
from tests.messaging.conftest import mail

pytestmark = pytest.mark.django_db


def test_what_is_sent(sendgrid: Fake) -> None:
    sent = mail(headers={"List-Unsubscribe": "<https://compass.example/u/x/>"}, reply_to="desk@harbour.example")
    receipt = SendGrid().send(sent)
    (got,) = sendgrid.sent
    assert receipt.provider_message_id == got.message_id
    payload = got.payload
    assert payload["custom_args"] == {"compass_message": sent.id}
    assert payload["headers"] == {"Message-ID": sent.message_id, "List-Unsubscribe": "<https://compass.example/u/x/>"}
    assert payload["personalizations"] == [{"to": [{"email": "mia@example.com", "name": "Mia Müller"}]}]
    assert payload["categories"] == ["survey"]
    assert not any(each["enable"] for each in payload["tracking_settings"].values()), "links reach people as they are"


def test_a_mail_without_html(sendgrid: Fake) -> None:
    SendGrid().send(mail(html="", to_name=""))
    (got,) = sendgrid.sent
    assert [part["type"] for part in got.payload["content"]] == ["text/plain"]


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 500},
        {"status": 503},
        {"status": 429, "retry_after": 7},
        {"status": 401},
        {"status": 403},
        {"status": 413},
    ],
)
def test_not_accepted(sendgrid: Fake, trouble: dict[str, Any]) -> None:
    sendgrid.behave(**trouble)
    with pytest.raises(NotAccepted) as refusal:
        SendGrid().send(mail())
    assert refusal.value.retry_after_seconds == trouble.get("retry_after", 0)
    assert len(sendgrid.requests) == 1, "a POST is sent once"


@pytest.mark.parametrize(
    "trouble", [{"drop_connection": "after"}, {"drop_connection": "before"}, {"garbage": True}, {"status": 504}]
)
def test_unknown(sendgrid: Fake, trouble: dict[str, Any]) -> None:
    sendgrid.behave(**trouble)
    with pytest.raises(MaybeAccepted):
        SendGrid().send(mail())


def test_nobody_there(sendgrid: Fake) -> None:
    sendgrid.stop()
    with pytest.raises(NotAccepted):
        SendGrid().send(mail())


def test_a_recipient_that_cannot_be(sendgrid: Fake) -> None:
    with pytest.raises(RecipientRefused) as refusal:
        SendGrid().send(mail(to_address="mia@localhost"))
    assert refusal.value.status == "5.1.3"


def test_a_sender_that_may_not(sendgrid: Fake) -> None:
    sendgrid.verified_senders = {"other@harbour.example"}
    with pytest.raises(NotAccepted, match="verified Sender"):
        SendGrid().send(mail())


def test_checking(sendgrid: Fake, settings: Any) -> None:
    assert "may send" in SendGrid().check()
    sendgrid.scopes = ["alerts.read"]
    with pytest.raises(NotAccepted, match=r"mail\.send"):
        SendGrid().check()
    settings.SENDGRID_API_KEY = "SG.wrong"
    with pytest.raises(NotAccepted, match="401"):
        SendGrid().check()
    assert sendgrid.sent == []


def test_without_a_key_it_is_absent(settings: Any) -> None:
    settings.SENDGRID_API_KEY = ""
    assert not SendGrid().is_configured
