"""SendGrid: mail send v3, API-key scopes, and signed event webhooks.

Error wording follows the provider's "v3 Mail Send errors"; the signature follows "Event Webhook security
features": ECDSA P-256 over the timestamp header followed by the raw body.
"""

import base64
import hmac
import json
import secrets
import time
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.fakes.exchange import Request, Response, json_response
from tests.fakes.sendgrid_rules import Problem, problems_of
from tests.fakes.server import FakeServer
from tests.fakes.trouble import Trouble

API_KEY: Final = "SG.fake-key-id.fake-key-secret"

_MESSAGES: Final = {
    401: "The provided authorization grant is invalid, expired, or revoked",
    403: "access forbidden",
    404: "not found",
    413: "The JSON payload you have included in your request is too large.",
    429: "too many requests",
}

# What each kind of event carries beyond the common fields.
_DETAILS: Final[Mapping[str, Mapping[str, Any]]] = {
    "processed": {},
    "delivered": {"response": "250 2.0.0 OK", "tls": 1, "ip": "192.0.2.10"},
    "deferred": {"response": "451 4.7.1 try again later", "attempt": "1", "tls": 1},
    "bounce": {
        "type": "bounce",
        "status": "5.1.1",
        "reason": "550 5.1.1 The email account that you tried to reach does not exist",
        "bounce_classification": "Invalid Address",
        "tls": 1,
        "ip": "192.0.2.10",
    },
    "dropped": {"reason": "Bounced Address", "status": "5.0.0"},
    "spamreport": {},
    "open": {"useragent": "Mozilla/5.0", "ip": "198.51.100.7", "sg_machine_open": False},
    "click": {"useragent": "Mozilla/5.0", "ip": "198.51.100.7", "url": "https://example.com/"},
    "unsubscribe": {},
}


@dataclass(frozen=True, slots=True)
class SentMail:
    """One accepted request: the id from X-Message-Id and the JSON that was sent."""

    message_id: str
    payload: dict[str, Any]

    @property
    def recipients(self) -> list[str]:
        """Every To address."""
        return [person["email"] for block in self.payload["personalizations"] for person in block["to"]]


class SendGrid(FakeServer):
    """The v3 API; `url` is what https://api.sendgrid.com is in production."""

    def __init__(
        self,
        *,
        api_key: str = API_KEY,
        scopes: Iterable[str] = ("mail.send", "user.profile.read"),
        verified_senders: Collection[str] | None = None,
        max_bytes: int = 30 * 1024 * 1024,
        port: int = 0,
    ) -> None:
        """`verified_senders` are the only From addresses allowed (None: any); `max_bytes` is where 413 begins."""
        super().__init__(port=port)
        self.api_key, self.scopes, self.max_bytes = api_key, list(scopes), max_bytes
        self.verified_senders = verified_senders
        self._sent: list[SentMail] = []
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def sent(self) -> list[SentMail]:
        """Every mail that was accepted, oldest first (a copy)."""
        with self._lock:
            return list(self._sent)

    @property
    def webhook_public_key(self) -> str:
        """The verification key as SendGrid shows it: base64 of the DER SubjectPublicKeyInfo."""
        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(der).decode()

    def reset(self) -> None:
        """Forget accepted mails too."""
        super().reset()
        with self._lock:
            self._sent.clear()

    def failure(self, status: int, trouble: Trouble) -> Response:
        """errors[] with one entry; 429 says when the window ends, in whole Unix seconds."""
        problem = Problem(trouble.code or _MESSAGES.get(status, "internal error"))
        headers = {}
        if status == 429:
            reset = int(time.time() + (trouble.retry_after or 60))
            headers = {"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
        return _errors(status, [problem], headers)

    def answer(self, request: Request) -> Response:
        """Check the key, then the route, then the shape."""
        scheme, _, key = request.header("Authorization").partition(" ")
        if scheme != "Bearer" or not hmac.compare_digest(key, self.api_key):
            return _errors(401, [Problem(_MESSAGES[401])])
        if (request.method, request.path) == ("GET", "/v3/scopes"):
            return json_response({"scopes": self.scopes})
        if (request.method, request.path) == ("POST", "/v3/mail/send"):
            return self._send(request)
        return _errors(404, [Problem(_MESSAGES[404])])

    def event(self, kind: str, email: str, **fields: Any) -> dict[str, Any]:
        """One event as SendGrid would report it; `fields` (custom arguments, reason, …) override the usual ones."""
        message_id = fields.pop("sg_message_id", secrets.token_urlsafe(16))
        common = {
            "email": email,
            "event": kind,
            "timestamp": int(time.time()),
            "sg_event_id": base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="),
            "sg_message_id": f"{message_id}.recvd-5f54b5d587-abcde-1-67BADEEA-6.0",
            "smtp-id": f"<{message_id}@geopod-ismtpd-1>",
        }
        return {**common, **_DETAILS[kind], **fields}

    def sign_events(
        self, events: Iterable[Mapping[str, Any]], *, timestamp: int | None = None
    ) -> tuple[dict[str, str], bytes]:
        """Headers and raw body of a webhook delivery; `timestamp` in Unix seconds, default now."""
        # The provider puts one event on a line and ends with CRLF; a receiver that re-serialises fails here.
        body = ("[" + ",\r\n".join(json.dumps(event, separators=(",", ":")) for event in events) + "]\r\n").encode()
        stamp = str(int(time.time()) if timestamp is None else timestamp)
        signature = self._key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "SendGrid Event API",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        }
        return headers, body

    def _send(self, request: Request) -> Response:
        if len(request.body) > self.max_bytes:
            return _errors(413, [Problem(_MESSAGES[413])])
        if request.header("Content-Type").partition(";")[0].strip() != "application/json":
            return _errors(415, [Problem("Content-Type should be application/json.")])
        try:
            payload = request.json()
        except ValueError:
            return _errors(400, [Problem("Bad Request")])
        if problems := problems_of(payload):
            return _errors(400, problems)
        if self.verified_senders is not None and payload["from"]["email"] not in self.verified_senders:
            message = "The from address does not match a verified Sender Identity."
            return _errors(403, [Problem(message, "from")])
        if payload.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return Response(200)
        mail = SentMail(message_id=secrets.token_urlsafe(16), payload=payload)
        with self._lock:
            self._sent.append(mail)
        return Response(202, b"", {"X-Message-Id": mail.message_id})


def _errors(status: int, problems: Iterable[Problem], headers: Mapping[str, str] | None = None) -> Response:
    value = [{"message": problem.message, "field": problem.field, "help": problem.help} for problem in problems]
    return json_response({"errors": value}, status, headers)
