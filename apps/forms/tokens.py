"""The text of a link: a signed token, so that a forged or expired one is told apart without the database.

A JWT (RFC 7519, HS256) with four claims: `id` of the link, `key` (the secret), `for` (the purpose), `exp`. The expiry
is fixed when the link is made: a link can be revoked earlier, and to give somebody more time a new one is issued.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime

import jwt
from django.conf import settings

from apps.forms.models import LinkPurpose, OneTimeLink, derived_key, digest
from apps.forms.refusals import ExpiredLink, InvalidLink

LONGEST = 512


@dataclass(frozen=True)
class Claim:
    """What a genuine, unexpired token says; whether its link is still good only the database knows."""

    link_id: int
    secret_sha256: str
    purpose: str


def secret_of(seed: str, secret_key: str | None = None) -> str:
    """The 256-bit secret that belongs to a seed."""
    raw = hmac.digest(derived_key("secret", secret_key), seed.encode(), "sha256")
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def write(link: OneTimeLink) -> str:
    """The token of a link.

    Raises InvalidLink when the installation's secret key was changed since the link was made and the old one is not
    among SECRET_KEY_FALLBACKS: then the link cannot be written again, only replaced.
    """
    for secret_key in _secret_keys():
        secret = secret_of(link.seed, secret_key)
        if hmac.compare_digest(digest(secret), link.secret_sha256):
            claims = {"id": link.pk, "key": secret, "for": link.purpose, "exp": int(link.expires_at.timestamp())}
            return jwt.encode(claims, derived_key("signature", secret_key), "HS256")
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
    if len(token) > LONGEST or not token.isascii():
        raise InvalidLink
    for secret_key in _secret_keys():
        try:
            # The clock is the caller's, hence no check of `exp` here.
            return jwt.decode(
                token,
                derived_key("signature", secret_key),
                algorithms=["HS256"],
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
            )
        except jwt.InvalidTokenError:
            continue
    raise InvalidLink


def _secret_keys() -> list[str]:
    return [settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)]
