"""An Amazon SNS topic: signed notifications, the certificate they verify against, and subscription confirmation.

Signed text and order of fields: AWS "Verifying the signatures of Amazon SNS messages".
"""

import base64
import json
import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.fakes.certificates import self_signed
from tests.fakes.exchange import Request, Response

TOPIC_ARN: Final = "arn:aws:sns:us-east-1:123456789012:compass-ses"
CERTIFICATE_PATH: Final = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"

_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}


class SnsTopic:
    """The SNS half of the SES fake: mixed into the server that gives it its `url`."""

    url: str
    topic_arn = TOPIC_ARN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make the signing key; the arguments are the server's."""
        super().__init__(*args, **kwargs)
        self._sns_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.certificate_pem = self_signed(self._sns_key, common_name="sns.amazonaws.com").certificate_pem
        # Topic ARNs whose SubscribeURL was fetched with the right token.
        self.confirmed: list[str] = []
        self._tokens: set[str] = set()

    @property
    def cert_url(self) -> str:
        """Where the fake serves the signing certificate (production: https://sns.REGION.amazonaws.com/…)."""
        return self.url + CERTIFICATE_PATH

    def answer_sns(self, request: Request) -> Response | None:
        """The certificate and ConfirmSubscription; None for every other request."""
        if request.method == "GET" and request.path == CERTIFICATE_PATH:
            return Response(200, self.certificate_pem, {"Content-Type": "application/x-pem-file"})
        if request.method == "GET" and request.query.get("Action") == "ConfirmSubscription":
            if request.query.get("Token") not in self._tokens:
                return Response(400, b"<ErrorResponse><Error><Code>InvalidParameter</Code></Error></ErrorResponse>")
            self.confirmed.append(request.query["TopicArn"])
            return Response(200, b"<ConfirmSubscriptionResponse/>", {"Content-Type": "text/xml"})
        return None

    def sns_notification(
        self,
        event: Mapping[str, Any],
        *,
        version: Literal[1, 2] = 2,
        topic_arn: str = "",
        cert_url: str = "",
        message_id: str = "",
        subject: str = "",
        sent_at: datetime | None = None,
    ) -> tuple[dict[str, str], bytes]:
        """Headers and raw body of a signed notification that carries `event` (see `ses_event`)."""
        fields = {"Type": "Notification", "Message": json.dumps(event)}
        if subject:
            fields["Subject"] = subject
        return self._signed(fields, version, topic_arn, cert_url, message_id, sent_at)

    def sns_subscription(
        self, *, version: Literal[1, 2] = 2, topic_arn: str = "", cert_url: str = ""
    ) -> tuple[dict[str, str], bytes]:
        """Headers and raw body of the SubscriptionConfirmation; fetching SubscribeURL fills `confirmed`."""
        token, topic = secrets.token_hex(32), topic_arn or self.topic_arn
        self._tokens.add(token)
        fields = {
            "Type": "SubscriptionConfirmation",
            "Token": token,
            "Message": f"You have chosen to subscribe to the topic {topic}.",
            "SubscribeURL": f"{self.url}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}",
        }
        return self._signed(fields, version, topic_arn, cert_url, "", None)

    def _signed(
        self,
        fields: dict[str, str],
        version: int,
        topic_arn: str,
        cert_url: str,
        message_id: str,
        sent_at: datetime | None,
    ) -> tuple[dict[str, str], bytes]:
        fields |= {
            "MessageId": message_id or str(uuid.uuid4()),
            "TopicArn": topic_arn or self.topic_arn,
            "Timestamp": timestamp(sent_at),
        }
        names = [name for name in _SIGNED[fields["Type"]] if name in fields]
        text = "".join(f"{name}\n{fields[name]}\n" for name in names)
        algorithm = hashes.SHA256() if version == 2 else hashes.SHA1()
        signature = self._sns_key.sign(text.encode(), padding.PKCS1v15(), algorithm)
        fields |= {
            "SignatureVersion": str(version),
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertURL": cert_url or self.cert_url,
        }
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": "Amazon Simple Notification Service Agent",
            "x-amz-sns-message-type": fields["Type"],
            "x-amz-sns-message-id": fields["MessageId"],
            "x-amz-sns-topic-arn": fields["TopicArn"],
        }
        return headers, json.dumps(fields, indent=2).encode()


def ses_event(
    kind: Literal["Delivery", "Bounce", "Complaint", "DeliveryDelay", "Open", "Click", "Reject"],
    email: str,
    *,
    message_id: str,
    tags: Mapping[str, str] | None = None,
    at: datetime | None = None,
    **details: Any,
) -> dict[str, Any]:
    """An SES event-publishing record about one recipient; `details` override the fields of its own object.

    Without them a bounce is Permanent/General with status 5.1.1.
    """
    when = timestamp(at)
    usual: dict[str, dict[str, Any]] = {
        "Delivery": {"recipients": [email], "smtpResponse": "250 2.6.0 Message received", "processingTimeMillis": 900},
        "Bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": email,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
            ],
            "feedbackId": f"0100{secrets.token_hex(12)}-000000",
            "reportingMTA": "dns; mta.example.com",
        },
        "Complaint": {
            "complainedRecipients": [{"emailAddress": email}],
            "complaintFeedbackType": "abuse",
            "feedbackId": f"0100{secrets.token_hex(12)}-000000",
        },
        "DeliveryDelay": {"delayType": "MailboxFull", "delayedRecipients": [{"emailAddress": email}]},
        "Open": {"ipAddress": "198.51.100.7", "userAgent": "Mozilla/5.0"},
        "Click": {"ipAddress": "198.51.100.7", "userAgent": "Mozilla/5.0", "link": "https://example.com/"},
        "Reject": {"reason": "Bad content"},
    }
    mail = {
        "timestamp": when,
        "messageId": message_id,
        "source": "hello@example.com",
        "destination": [email],
        "tags": {name: [value] for name, value in (tags or {}).items()},
    }
    name = kind[0].lower() + kind[1:]
    return {"eventType": kind, "mail": mail, name: {"timestamp": when, **usual[kind], **details}}


def timestamp(at: datetime | None) -> str:
    """A time as AWS writes it, now by default."""
    return (at or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
