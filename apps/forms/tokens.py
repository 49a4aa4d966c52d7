"""The text of a link: a signed token, so that a forged or expired one is told apart without the database.

A JWT (RFC 7519, HS256) with four claims: `id` of the link, `key` (the secret), `for` (the purpose), `exp`. The expiry
is fixed when the link is made: a link can be revoked earlier, and to give somebody more time a new one is issued.

Only what is written here is ever read, so the header is one constant and the signature is compared as text. That is a
tenth of what a JWT library needs, which has to weigh every algorithm and kind of key before it begins.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from apps.forms.models import LinkPurpose, OneTimeLink, derived_key, digest
from apps.forms.refusals import ExpiredLink, InvalidLink

LONGEST = 512
HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()


@dataclass(frozen=True)
class Claim:
    """What a genuine, unexpired token says; whether its link is still good only the database knows."""

    link_id: int
    secret_sha256: str
    purpose: str


def secret_of(seed: str, secret_key: str | None = None) -> str:
    """The 256-bit secret that belongs to a seed."""
    return _text(hmac.digest(derived_key("secret", secret_key), seed.encode(), "sha256"))


def write(link: OneTimeLink) -> str:
    """The token of a link.

    Raises InvalidLink when the installation's secret key was changed since the link was made and the old one is not
    among SECRET_KEY_FALLBACKS: then the link cannot be written again, only replaced.
    """
    for secret_key in _secret_keys():
        secret = secret_of(link.seed, secret_key)
        if hmac.compare_digest(digest(secret), link.secret_sha256):
            claims = {"id": link.pk, "key": secret, "for": link.purpose, "exp": int(link.expires_at.timestamp())}
            body = f"{HEADER}.{_text(json.dumps(claims, separators=(',', ':')).encode())}"
            return f"{body}.{_signature(body, secret_key)}"
    raise InvalidLink


def read(token: str, *, purpose: LinkPurpose, now: datetime) -> Claim:
    """Check a token without the database. Raises InvalidLink or ExpiredLink."""
    claims = _verified(token)
    link_id, secret, expiry = claims.get("id"), claims.get("key"), claims.get("exp")
    if claims.get("for") != purpose or type(link_id) is not int or type(secret) is not str or type(expiry) is not int:
        raise InvalidLink
    if expiry <= now.timestamp():
        raise ExpiredLink
    return Claim(link_id, digest(secret), purpose)


def _verified(token: str) -> dict[str, object]:
    body, dot, signature = token.rpartition(".")
    header, _dot, claims = body.partition(".")
    if len(token) > LONGEST or not token.isascii() or not dot or header != HEADER:
        raise InvalidLink
    if not any(hmac.compare_digest(_signature(body, key), signature) for key in _secret_keys()):
        raise InvalidLink
    try:
        found = json.loads(base64.urlsafe_b64decode(claims + "=="))
    except (binascii.Error, ValueError) as error:
        raise InvalidLink from error
    if type(found) is not dict:
        raise InvalidLink
    return found


def _signature(body: str, secret_key: str) -> str:
    return _text(hmac.digest(derived_key("signature", secret_key), body.encode(), "sha256"))


def _text(raw: bytes) -> str:
    """Base64 for addresses, without the filling."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _secret_keys() -> list[str]:
    return [settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)]
