"""The SES fake: AWS's published signature vector, sending, errors, and SNS messages that verify."""

import base64
import json
from collections.abc import Iterator
from email.message import EmailMessage
from http.client import HTTPMessage
from typing import Any, Literal

import httpx2
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.fakes.exchange import Request
from tests.fakes.ses import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Ses
from tests.fakes.signatures import aws_v4
from tests.fakes.sns import ses_event

SIMPLE: dict[str, Any] = {
    "FromEmailAddress": "Compass <hello@example.com>",
    "Destination": {"ToAddresses": ["mia@example.com"]},
    "Content": {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
    "EmailTags": [{"Name": "message", "Value": "7"}],
}


@pytest.fixture
def ses() -> Iterator[Ses]:
    with Ses() as server:
        yield server


def call(
    ses: Ses, body: Any = None, *, secret: str = SECRET_ACCESS_KEY, path: str = "/v2/email/outbound-emails"
) -> httpx2.Response:
    data = b"" if body is None else json.dumps(body).encode()
    method = "GET" if body is None else "POST"
    headers = HTTPMessage()
    headers["host"] = ses.url.removeprefix("http://")
    headers["x-amz-date"] = "20261121T053000Z"
    scope = f"20261121/{REGION}/ses/aws4_request"
    names = ["host", "x-amz-date"]
    signature = aws_v4(Request(method, path, headers, data), secret=secret, scope=scope, signed_headers=names)
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return httpx2.request(method, ses.url + path, content=data, headers=dict(headers.items()))


def test_the_signature_is_the_one_aws_publishes() -> None:
    headers = HTTPMessage()
    headers["Host"] = "example.amazonaws.com"
    headers["X-Amz-Date"] = "20150830T123600Z"
    signature = aws_v4(
        Request("GET", "/", headers, b""),
        secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        scope="20150830/us-east-1/service/aws4_request",
        signed_headers=["host", "x-amz-date"],
    )
    assert signature == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"


def test_a_simple_mail_is_accepted(ses: Ses) -> None:
    response = call(ses, SIMPLE)
    assert response.status_code == 200
    (mail,) = ses.sent
    assert (mail.message_id, mail.recipients) == (response.json()["MessageId"], ["mia@example.com"])


def test_a_raw_mail_is_parsed(ses: Ses) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "hello@example.com", "Mia <mia@example.com>", "Grüße"
    message.set_content("Hello")
    raw = base64.b64encode(message.as_bytes()).decode()
    assert call(ses, {"Content": {"Raw": {"Data": raw}}}).status_code == 200
    (mail,) = ses.sent
    assert mail.message is not None
    assert (mail.message["Subject"], mail.recipients) == ("Grüße", ["mia@example.com"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Content": {}}, "BadRequestException"),
        ({"Content": {"Raw": {"Data": "%"}}}, "SerializationException"),
        ({"Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {}}}}, "BadRequestException"),
        ({"Destination": {"ToAddresses": []}}, "BadRequestException"),
        ({"FromEmailAddress": "nobody"}, "BadRequestException"),
        ({"EmailTags": [{"Name": "a b", "Value": "7"}]}, "BadRequestException"),
    ],
)
def test_a_bad_shape_is_refused(ses: Ses, change: dict[str, Any], code: str) -> None:
    response = call(ses, SIMPLE | change)
    assert (response.status_code, response.headers["x-amzn-ErrorType"]) == (400, code)
    assert ses.sent == []


def test_wrong_secrets_and_missing_signatures_are_refused(ses: Ses) -> None:
    assert call(ses, SIMPLE, secret="wrong").headers["x-amzn-ErrorType"] == "InvalidSignatureException"
    assert httpx2.get(f"{ses.url}/v2/email/account").status_code == 403
    assert call(ses, path="/v2/email/account").json()["SendQuota"]["MaxSendRate"] == 14.0


@pytest.mark.parametrize(
    ("code", "status"),
    [("MessageRejected", 400), ("TooManyRequestsException", 429), ("MailFromDomainNotVerifiedException", 400)],
)
def test_errors_have_the_providers_shape(ses: Ses, code: str, status: int) -> None:
    ses.behave(status=status, code=code, times=1)
    response = call(ses, SIMPLE)
    assert (response.status_code, response.headers["x-amzn-ErrorType"]) == (status, code)
    assert response.json()["message"]
    assert call(ses, SIMPLE).status_code == 200


def test_unverified_senders_are_rejected(ses: Ses) -> None:
    ses.verified_identities = {"other.example"}
    assert call(ses, SIMPLE).headers["x-amzn-ErrorType"] == "MessageRejected"
    ses.verified_identities = {"example.com"}
    assert call(ses, SIMPLE).status_code == 200


def verify(message: dict[str, str], names: list[str]) -> None:
    """The published recipe, with the certificate from SigningCertURL."""
    certificate = x509.load_pem_x509_certificate(httpx2.get(message["SigningCertURL"]).content)
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    algorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}[message["SignatureVersion"]]
    key.verify(base64.b64decode(message["Signature"]), text.encode(), padding.PKCS1v15(), algorithm)


@pytest.mark.parametrize("version", [1, 2])
def test_notifications_verify(ses: Ses, version: Literal[1, 2]) -> None:
    event = ses_event("Bounce", "mia@example.com", message_id="0100-1", tags={"message": "7"})
    headers, body = ses.sns_notification(event, version=version, subject="Amazon SES")
    message = json.loads(body)
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    verify(message, names)
    with pytest.raises(InvalidSignature):
        verify(message | {"Message": "{}"}, names)
    assert headers["x-amz-sns-message-type"] == message["Type"] == "Notification"
    assert json.loads(message["Message"])["bounce"]["bouncedRecipients"][0]["emailAddress"] == "mia@example.com"


def test_a_subscription_is_confirmed_by_its_url(ses: Ses) -> None:
    _, body = ses.sns_subscription()
    message = json.loads(body)
    verify(message, ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"])
    assert httpx2.get(message["SubscribeURL"] + "x").status_code == 400
    assert ses.confirmed == []
    assert httpx2.get(message["SubscribeURL"]).status_code == 200
    assert ses.confirmed == [ses.topic_arn]
