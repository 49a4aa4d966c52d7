"""The address behind "unsubscribe": signed, so that a forged one costs no database query, and without an end.

The token is the message's public id and a signature; whoever holds it can stop mails and nothing else.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core import signing
from django.urls import reverse

# Stands in composed mails where the message's own address belongs, which exists only once the message does.
PLACEHOLDER = "https://unsubscribe.invalid/"

# The same for the page on which the recipient chooses what may be sent, which `register_preferences` names.
PREFERENCES_PLACEHOLDER = "https://preferences.invalid/"

_signer = signing.Signer(salt="messaging.unsubscribe", sep=".")
# Another salt: the token of the header, which mail providers read, opens no page on which consent can be given.
_preferences_signer = signing.Signer(salt="messaging.preferences", sep=".")
_page: list[str] = []


def register_preferences(url_name: str) -> None:
    """Name the page of the app above that knows people; its one parameter is the token."""
    _page[:] = [url_name]


def preferences_address_of(public_id: uuid.UUID) -> str:
    """The absolute address of the recipient's preference page."""
    token = _preferences_signer.sign(public_id.hex)
    return f"{settings.BASE_URL}{reverse(_page[0], args=[token])}"


def preferences_public_id_of(token: str) -> uuid.UUID | None:
    """Whose token it is; None for one that we never wrote."""
    return _public_id(_preferences_signer, token)


def address_of(public_id: uuid.UUID) -> str:
    """The absolute address for one message."""
    return f"{settings.BASE_URL}{reverse('messaging:unsubscribe', args=[token_of(public_id)])}"


def token_of(public_id: uuid.UUID) -> str:
    """The signed token for one message."""
    return _signer.sign(public_id.hex)


def public_id_of(token: str) -> uuid.UUID | None:
    """Whose token it is; None for one that we never wrote."""
    return _public_id(_signer, token)


def _public_id(signer: signing.Signer, token: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(hex=signer.unsign(token))
    except (signing.BadSignature, ValueError):
        return None


def headers(public_id: uuid.UUID) -> dict[str, str]:
    """What makes mail programs show their own unsubscribe button (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{address_of(public_id)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
