"""SES events by Amazon SNS: the signature of the notification, and what it tells.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.conf import settings
from django.core.cache import cache

from apps.core import http
from apps.messaging.address import address_sha256, normalised
from apps.messaging.bounces import class_of
from apps.messaging.models import BounceClass, MessageState
from apps.messaging.providers.ses import OUR_TAG
from apps.messaging.providers.statuses import status_of
from apps.messaging.webhooks.report import BadSignature, Report, event_id, our_id, plain

NOTIFICATION = "Notification"
SUBSCRIPTION = "SubscriptionConfirmation"
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_ALGORITHMS: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303
CERTIFICATE_KEPT_SECONDS = 24 * 3600

# Their word → ours, the object that tells more, and the list of addresses in it.
_EVENTS = {
    "Send": (MessageState.ACCEPTED, "send", ""),
    "Delivery": (MessageState.DELIVERED, "delivery", "recipients"),
    "DeliveryDelay": (MessageState.DELAYED, "deliveryDelay", "delayedRecipients"),
    "Bounce": (MessageState.BOUNCED, "bounce", "bouncedRecipients"),
    "Complaint": (MessageState.COMPLAINED, "complaint", "complainedRecipients"),
    "Reject": (MessageState.FAILED, "reject", ""),
}


def envelope_of(body: bytes) -> dict[str, str]:
    """The SNS message in the request. Raises BadSignature for anything else."""
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadSignature("no SNS message") from error
    if not isinstance(envelope, dict) or not all(isinstance(value, str) for value in envelope.values()):
        raise BadSignature("no SNS message")
    return envelope


def verify(envelope: dict[str, str]) -> None:
    """Check topic, certificate address and signature. Raises BadSignature, or OutgoingError without a certificate."""
    if envelope.get("TopicArn") != settings.SES_TOPIC_ARN:
        raise BadSignature("another topic")
    if not is_certificate_url(envelope.get("SigningCertURL", "")):
        raise BadSignature("the certificate is not Amazon's")
    verify_signature(envelope, certificate_at(envelope["SigningCertURL"]))


def is_certificate_url(url: str) -> bool:
    """Whether certificates from there are believed."""
    return re.fullmatch(settings.SNS_CERTIFICATE_URL, url) is not None


def verify_signature(envelope: dict[str, str], certificate_pem: bytes) -> None:
    """Check versions 1 (SHA-1) and 2 (SHA-256) of the signature. Raises BadSignature."""
    names = _SIGNED.get(envelope.get("Type", ""))
    algorithm = _ALGORITHMS.get(envelope.get("SignatureVersion", ""))
    if names is None or algorithm is None:
        raise BadSignature("an unknown type or version")
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
    try:
        key = x509.load_pem_x509_certificate(certificate_pem).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise BadSignature("the certificate holds no RSA key")
        signature = base64.b64decode(envelope.get("Signature", ""), validate=True)
        key.verify(signature, text.encode(), padding.PKCS1v15(), algorithm)
    except (ValueError, InvalidSignature) as error:
        raise BadSignature("the signature does not fit") from error


def certificate_at(url: str) -> bytes:
    """The certificate, kept for a day. Raises OutgoingError."""
    key = f"sns-certificate:{address_sha256(url)}"
    pem: bytes | None = cache.get(key)
    if pem is None:
        pem = http.Client("sns", url).request("GET").body
        cache.set(key, pem, CERTIFICATE_KEPT_SECONDS)
    return pem


def confirm_subscription(envelope: dict[str, str]) -> None:
    """Visit SubscribeURL, but only on the host of the certificate. Raises ValueError for another; OutgoingError."""
    url, signed_by = urlsplit(envelope.get("SubscribeURL", "")), urlsplit(envelope["SigningCertURL"])
    if (url.scheme, url.netloc) != (signed_by.scheme, signed_by.netloc):
        raise ValueError("SubscribeURL is not on the host of the certificate")
    http.Client("sns", f"{url.scheme}://{url.netloc}").request("GET", f"{url.path}?{url.query}")


def reports(message: str) -> list[Report]:
    """The events of one notification, one for each address; [] for what says nothing about delivery."""
    event = json.loads(message)
    if not isinstance(event, dict):
        return []
    kind = plain(event.get("eventType") or event.get("notificationType"))
    mail = event.get("mail")
    if kind not in _EVENTS or not isinstance(mail, dict):
        return []
    state, name, recipients = _EVENTS[kind]
    told = event.get(name)
    told = told if isinstance(told, dict) else {}
    people = _people(told.get(recipients) if recipients else mail.get("destination"))
    return [_report(state, told, mail, person) for person in people]


def _people(value: Any) -> list[dict[str, Any]]:
    people = value if isinstance(value, list) else []
    return [person if isinstance(person, dict) else {"emailAddress": person} for person in people]


def _report(state: MessageState, told: dict[str, Any], mail: dict[str, Any], person: dict[str, Any]) -> Report:
    address = normalised(plain(person.get("emailAddress")))
    detail = plain(person.get("diagnosticCode") or told.get("smtpResponse") or told.get("reason"))
    code = status_of(plain(person.get("status"))) or status_of(detail)
    provider_message_id = plain(mail.get("messageId"), 200)
    when = plain(told.get("timestamp") or mail.get("timestamp"))
    # A delay may come several times, everything else once for each address.
    turn = when if state is MessageState.DELAYED else plain(told.get("feedbackId"))
    tags = mail.get("tags")
    ours = tags.get(OUR_TAG) if isinstance(tags, dict) else None
    return Report(
        state=state,
        at=datetime.fromisoformat(when),
        event_id=event_id(state, provider_message_id, address, turn),
        message=our_id(ours[0]) if isinstance(ours, list) and ours else None,
        provider_message_id=provider_message_id,
        address=address,
        code=code,
        detail=detail,
        bounce_class=_class(told, code) if state is MessageState.BOUNCED else "",
    )


def _class(bounce: dict[str, Any], code: str) -> BounceClass:
    if bounce.get("bounceType") != "Permanent":
        # SES calls it transient or undetermined: whatever the code, the address may live.
        known = class_of(code)
        return BounceClass.SOFT if known is BounceClass.HARD else known
    return class_of(code, otherwise=BounceClass.HARD)
