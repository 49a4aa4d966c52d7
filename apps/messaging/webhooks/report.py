"""What all providers' reports have in common."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.messaging.models import MessageState


class BadSignature(Exception):
    """The request is not from the provider, or not fresh; the text says why, for the audit log."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One event about one mail to one address, in our words. `message`: our own id, if the provider gave it back."""

    state: MessageState
    at: datetime
    event_id: str
    message: uuid.UUID | None
    provider_message_id: str
    address: str
    code: str = ""
    detail: str = ""
    bounce_class: str = ""


def plain(value: Any, longest: int = 500) -> str:
    """A provider's word as text that every database can store."""
    return "" if value is None else str(value).replace("\0", "")[:longest]


def event_id(*parts: object) -> str:
    """One id for an event that has none of its own."""
    return hashlib.sha256("\n".join(map(str, parts)).encode(errors="replace")).hexdigest()


def our_id(value: Any) -> uuid.UUID | None:
    """Our message's public id, if this is one."""
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None
