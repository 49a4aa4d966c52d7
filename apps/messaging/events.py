"""What happens to mails. `reference` is what the sender of the message filed it under."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class MessageAccepted(Event):
    """A provider took the message."""

    message_id: int
    reference: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class MessageDelivered(Event):
    """The receiving server took the message."""

    message_id: int
    reference: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class MessageBounced(Event):
    """The receiving server refused the message for good. `bounce_class`: hard, soft or policy."""

    message_id: int
    reference: str
    kind: str
    address: str
    bounce_class: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class MessageComplained(Event):
    """The recipient marked the message as spam."""

    message_id: int
    reference: str
    kind: str
    address: str


@dataclass(frozen=True, kw_only=True)
class MessageFailed(Event):
    """The message was given up, or may not be sent (any more)."""

    message_id: int
    reference: str
    kind: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class MessageDelayed(Event):
    """No provider took the message at its first attempt; it is tried again."""

    message_id: int
    reference: str
    kind: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class MessageUnknown(Event):
    """Nobody knows whether a provider took the message: it is not sent again unless a person says so."""

    message_id: int
    reference: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Unsubscribed(Event):
    """The recipient wants no more mails of this purpose."""

    message_id: int
    reference: str
    address: str
    purpose: str
