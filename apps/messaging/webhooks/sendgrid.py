"""SendGrid's signed event webhook: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from apps.messaging.address import normalised
from apps.messaging.bounces import class_of
from apps.messaging.models import BounceClass, MessageState
from apps.messaging.providers.sendgrid import OUR_ID
from apps.messaging.providers.statuses import status_of
from apps.messaging.webhooks.report import BadSignature, Report, event_id, our_id, plain

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
# SendGrid names no tolerance; an older request is a replay.
TOLERANCE_SECONDS = 300

# Their word → ours; what is not here (open, click, group_resubscribe …) says nothing about delivery.
_STATES = {
    "processed": MessageState.ACCEPTED,
    "deferred": MessageState.DELAYED,
    "delivered": MessageState.DELIVERED,
    "bounce": MessageState.BOUNCED,
    "dropped": MessageState.FAILED,
    "spamreport": MessageState.COMPLAINED,
}
# `bounce_classification` where the status says nothing.
_CLASSES = {
    "invalid address": BounceClass.HARD,
    "reputation": BounceClass.POLICY,
    "content": BounceClass.POLICY,
}


def verify(headers: Mapping[str, str], body: bytes, *, public_key: str, now: datetime) -> None:
    """Check the signature over timestamp and raw body. Raises BadSignature. `public_key`: base64 of the DER SPKI."""
    timestamp = headers.get(TIMESTAMP_HEADER, "")
    if not (timestamp.isascii() and timestamp.isdecimal()) or len(timestamp) > 12:
        raise BadSignature("no timestamp")
    try:
        key = load_der_public_key(base64.b64decode(public_key))
        signature = base64.b64decode(headers.get(SIGNATURE_HEADER, ""), validate=True)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise BadSignature("the configured key is no elliptic-curve key")
        key.verify(signature, timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature) as error:
        raise BadSignature("the signature does not fit") from error
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise BadSignature("the timestamp is too old")


def reports(body: str) -> list[Report]:
    """The events that speak of delivery; others and malformed ones are left out. Raises ValueError for no JSON list."""
    events = json.loads(body)
    if not isinstance(events, list):
        raise ValueError("not a list of events")
    return [report for event in events if isinstance(event, dict) and (report := _report(event)) is not None]


def _report(event: dict[str, Any]) -> Report | None:
    state = _STATES.get(plain(event.get("event")))
    if state is None:
        return None
    try:
        at = datetime.fromtimestamp(float(event["timestamp"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    detail = plain(event.get("reason") or event.get("response"))
    code = status_of(plain(event.get("status"))) or status_of(detail)
    bounce_class: str = ""
    if state is MessageState.FAILED and detail.startswith("Bounced Address"):
        # SendGrid did not even try, because the address was dead before.
        state, bounce_class = MessageState.BOUNCED, BounceClass.HARD
    elif state is MessageState.BOUNCED:
        bounce_class = _class(event, code)
    # "<id>.recvd-…": the first part is what the API answered when it took the mail.
    provider_message_id = plain(event.get("sg_message_id"), 200).partition(".")[0]
    return Report(
        state=state,
        at=at,
        event_id=plain(event.get("sg_event_id"), 200) or event_id(*sorted(event.items(), key=str)),
        message=our_id(event.get(OUR_ID)),
        provider_message_id=provider_message_id,
        address=normalised(plain(event.get("email"))),
        code=code,
        detail=detail,
        bounce_class=bounce_class,
    )


def _class(event: dict[str, Any], code: str) -> BounceClass:
    named = _CLASSES.get(plain(event.get("bounce_classification")).lower())
    if event.get("type") == "blocked":
        # "blocked": the server refused this mail, not the address.
        worst = class_of(code, otherwise=named or BounceClass.SOFT)
        return BounceClass.SOFT if worst is BounceClass.HARD else worst
    return class_of(code, otherwise=named or BounceClass.SOFT)
