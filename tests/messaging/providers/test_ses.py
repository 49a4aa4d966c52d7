"""SES on good and bad days, and its signature."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.messaging.providers.base import MaybeAccepted, NotAccepted
from apps.messaging.providers.ses import Ses
from apps.messaging.providers.sigv4 import Credentials, signed_headers
from tests.fakes.ses import Ses as Fake
from tests.messaging.conftest import mail

pytestmark = pytest.mark.django_db


def test_the_signature_is_the_one_that_aws_publishes() -> None:
    """The case "get-vanilla" of AWS's Signature Version 4 test suite."""
    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service")
    now = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    headers = signed_headers("GET", "https://example.amazonaws.com/", b"", credentials, now=now)
    assert headers["X-Amz-Date"] == "20150830T123600Z"
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )


def test_what_is_sent(ses: Fake, settings: Any) -> None:
    settings.SES_CONFIGURATION_SET = "compass"
    sent = mail(kind="survey reminder", headers={"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"})
    receipt = Ses().send(sent)
    (got,) = ses.sent
    assert receipt.provider_message_id == got.message_id
    assert got.message is not None
    assert got.message["Message-ID"] == sent.message_id
    assert got.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert got.payload["Destination"] == {"ToAddresses": ["mia@example.com"]}
    assert got.payload["EmailTags"] == [
        {"Name": "message", "Value": sent.id},
        {"Name": "kind", "Value": "survey_reminder"},
    ]
    assert got.payload["ConfigurationSetName"] == "compass"


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 400, "code": "MessageRejected"},
        {"status": 429},
        {"status": 500},
        {"status": 503},
        {"status": 400, "code": "SendingPausedException"},
    ],
)
def test_not_accepted(ses: Fake, trouble: dict[str, Any]) -> None:
    ses.behave(**trouble)
    with pytest.raises(NotAccepted):
        Ses().send(mail())
    assert len(ses.requests) == 1


@pytest.mark.parametrize(
    "trouble",
    [{"drop_connection": "after"}, {"drop_connection": "half_answer"}, {"garbage": True}, {"wrong_schema": {"Id": 1}}],
)
def test_unknown(ses: Fake, trouble: dict[str, Any]) -> None:
    ses.behave(**trouble)
    with pytest.raises(MaybeAccepted):
        Ses().send(mail())


def test_a_wrong_secret(ses: Fake, settings: Any) -> None:
    settings.SES_SECRET_ACCESS_KEY = "wrong"
    with pytest.raises(NotAccepted, match="signature"):
        Ses().send(mail())
    with pytest.raises(NotAccepted, match="signature"):
        Ses().check()


def test_checking(ses: Fake) -> None:
    assert "50000" in Ses().check()
    ses.sending_enabled = False
    with pytest.raises(NotAccepted, match="switched off"):
        Ses().check()
    ses.behave(wrong_schema=["nothing"], times=1)
    with pytest.raises(NotAccepted):
        Ses().check()
    assert ses.sent == []
