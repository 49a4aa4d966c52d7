"""Amazon SES, API v2: sending with Signature Version 4, and the SNS notifications that follow.

SES answers no Retry-After and no quota headers; the error's type stands in `x-amzn-ErrorType`.
"""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, Final

from tests.fakes.exchange import Request, Response, json_response
from tests.fakes.server import FakeServer
from tests.fakes.signatures import aws_v4
from tests.fakes.sns import SnsTopic
from tests.fakes.trouble import Trouble

ACCESS_KEY_ID: Final = "AKIAFAKECOMPASS00000"
SECRET_ACCESS_KEY: Final = "fake/secret/of/forty/characters/compass"
REGION: Final = "us-east-1"

_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)
_STATUS: Final = {
    "MessageRejected": 400,
    "MailFromDomainNotVerifiedException": 400,
    "BadRequestException": 400,
    "AccountSuspendedException": 400,
    "SendingPausedException": 400,
    "LimitExceededException": 400,
    "NotFoundException": 404,
    "TooManyRequestsException": 429,
    "InternalFailure": 500,
    "ServiceUnavailable": 503,
}
_MESSAGES: Final = {
    "MessageRejected": "Email address is not verified. The following identities failed the check in region US-EAST-1",
    "MailFromDomainNotVerifiedException": "The MAIL FROM domain is not verified.",
    "TooManyRequestsException": "Maximum sending rate exceeded.",
}


@dataclass(frozen=True, slots=True)
class SentMail:
    """One accepted request; `message` is the parsed MIME of Content.Raw, None for Content.Simple."""

    message_id: str
    payload: dict[str, Any]
    message: EmailMessage | None

    @property
    def recipients(self) -> list[str]:
        """The addresses of Destination, or of the raw message's headers where Destination is absent."""
        destination = self.payload.get("Destination") or {}
        named = [address for kind in ("To", "Cc", "Bcc") for address in destination.get(f"{kind}Addresses") or []]
        if named or self.message is None:
            return named
        headers = [self.message[kind] for kind in ("To", "Cc", "Bcc") if self.message[kind]]
        return [address.addr_spec for header in headers for address in header.addresses]


class _Failed(Exception):
    """A typed SES error."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.response = _error(code, message, status)


class Ses(SnsTopic, FakeServer):
    """The SESv2 endpoint and its SNS topic; `url` is what https://email.REGION.amazonaws.com is in production."""

    def __init__(
        self,
        *,
        access_key_id: str = ACCESS_KEY_ID,
        secret_access_key: str = SECRET_ACCESS_KEY,
        region: str = REGION,
        verified_identities: Collection[str] | None = None,
        sending_enabled: bool = True,
        port: int = 0,
    ) -> None:
        """`verified_identities` are the From addresses and domains that may send (None: any)."""
        super().__init__(port=port)
        self.access_key_id, self.secret_access_key, self.region = access_key_id, secret_access_key, region
        self.verified_identities, self.sending_enabled = verified_identities, sending_enabled
        self._sent: list[SentMail] = []

    @property
    def sent(self) -> list[SentMail]:
        """Every mail that was accepted, oldest first (a copy)."""
        with self._lock:
            return list(self._sent)

    def reset(self) -> None:
        """Forget accepted mails too."""
        super().reset()
        with self._lock:
            self._sent.clear()

    def failure(self, status: int, trouble: Trouble) -> Response:
        """SES's error; `code` decides the status where it is a known one."""
        by_status = {429: "TooManyRequestsException", 400: "MessageRejected", 503: "ServiceUnavailable"}
        code = trouble.code or by_status.get(status, "InternalFailure")
        return _error(code, _MESSAGES.get(code, code), _STATUS.get(code, status))

    def answer(self, request: Request) -> Response:
        """SNS's own routes need no signature; everything else does."""
        public = self.answer_sns(request)
        if public is not None:
            return public
        try:
            self._authenticate(request)
            route = (request.method, request.path)
            if route == ("GET", "/v2/email/account"):
                return json_response(self._account())
            if route == ("POST", "/v2/email/outbound-emails"):
                return self._send(request)
            raise _Failed("NotFoundException", "No such resource.", 404)
        except _Failed as failed:
            return failed.response

    def _authenticate(self, request: Request) -> None:
        match = _AUTHORIZATION.fullmatch(request.header("Authorization"))
        if match is None:
            raise _Failed("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
        key_id, scope, signed, signature = match.groups()
        if key_id != self.access_key_id:
            message = "The security token included in the request is invalid."
            raise _Failed("UnrecognizedClientException", message, 403)
        stamp = request.header("x-amz-date")
        names = signed.split(";")
        if scope != f"{stamp[:8]}/{self.region}/ses/aws4_request":
            message = f"Credential should be scoped to a valid region. Got {scope}"
            raise _Failed("InvalidSignatureException", message, 403)
        if names != sorted(names) or not {"host", "x-amz-date"} <= set(names):
            message = "'Host' and 'X-Amz-Date' must be signed headers, in sorted order."
            raise _Failed("InvalidSignatureException", message, 403)
        expected = aws_v4(request, secret=self.secret_access_key, scope=scope, signed_headers=names)
        if not hmac.compare_digest(expected, signature):
            message = "The request signature we calculated does not match the signature you provided."
            raise _Failed("InvalidSignatureException", message, 403)

    def _account(self) -> dict[str, Any]:
        with self._lock:
            quota = {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": float(len(self._sent))}
        return {
            "SendQuota": quota,
            "SendingEnabled": self.sending_enabled,
            "ProductionAccessEnabled": True,
            "DedicatedIpAutoWarmupEnabled": False,
            "EnforcementStatus": "HEALTHY",
        }

    def _send(self, request: Request) -> Response:
        if not self.sending_enabled:
            raise _Failed("SendingPausedException", "Email sending is disabled.")
        try:
            payload = request.json()
        except ValueError:
            raise _Failed("SerializationException", "Unable to parse the request.") from None
        message = _checked_message(payload)
        sender = payload.get("FromEmailAddress") or (str(message["From"] or "") if message else "")
        address = parseaddr(sender)[1]
        if "@" not in address:
            raise _Failed("BadRequestException", "Missing required header 'From'.")
        if self.verified_identities is not None and not (
            {address, address.partition("@")[2]} & set(self.verified_identities)
        ):
            raise _Failed("MessageRejected", f"{_MESSAGES['MessageRejected']}: {address}")
        mail = SentMail(f"0100{secrets.token_hex(6)}-{secrets.token_hex(16)}-000000", payload, message)
        if not 1 <= len(mail.recipients) <= 50:
            raise _Failed("BadRequestException", "Recipient count must be between 1 and 50.")
        with self._lock:
            self._sent.append(mail)
        return json_response({"MessageId": mail.message_id})


def _checked_message(payload: Any) -> EmailMessage | None:
    """The raw message, parsed; None for a simple one; BadRequestException for anything else."""
    content = payload.get("Content") if isinstance(payload, dict) else None
    if not isinstance(content, dict) or len(content.keys() & {"Raw", "Simple", "Template"}) != 1:
        raise _Failed("BadRequestException", "Exactly one of Raw, Simple and Template must be given.")
    for tag in payload.get("EmailTags") or []:
        if not all(re.fullmatch(r"[\w.@-]{1,256}", str(tag.get(part)), re.ASCII) for part in ("Name", "Value")):
            raise _Failed("BadRequestException", "Invalid email tag: only A-Z, a-z, 0-9, _, -, . and @ are allowed.")
    if "Raw" in content:
        try:
            data = base64.b64decode(content["Raw"]["Data"], validate=True)
        except (binascii.Error, KeyError, TypeError):
            raise _Failed("SerializationException", "Content.Raw.Data is not base64.") from None
        return message_from_bytes(data, policy=policy.default)
    simple: Mapping[str, Any] = content.get("Simple") or {}
    body = simple.get("Body") or {}
    parts = [simple.get("Subject"), *(body.get(kind) for kind in ("Text", "Html") if kind in body)]
    if "Simple" in content and (len(parts) < 2 or not all(isinstance(part, dict) and "Data" in part for part in parts)):
        raise _Failed("BadRequestException", "Content.Simple needs a Subject and a Body with Text or Html.")
    return None


def _error(code: str, message: str, status: int) -> Response:
    headers = {"x-amzn-ErrorType": code, "x-amzn-RequestId": secrets.token_hex(16)}
    return json_response({"message": message}, status, headers)
