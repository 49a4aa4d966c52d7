"""What a provider of mail can do, and the four ways in which a mail can end there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail as a provider gets it. `id` comes back in webhooks; `message_id` is the header, with angle brackets."""

    id: str
    kind: str
    message_id: str
    from_address: str
    from_name: str
    to_address: str
    to_name: str
    subject: str
    text: str
    html: str
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """The provider has it. `is_delivered`: the recipient has it too, as far as there is one."""

    provider_message_id: str = ""
    is_delivered: bool = False


class ProviderError(Exception):
    """Base of all."""


class NotAccepted(ProviderError):
    """The provider did not take the mail, for a reason of its own or of ours: another one may be tried.

    `retry_after_seconds`: how long it asked to be left alone, 0 where it did not say.
    """

    def __init__(self, message: str, *, retry_after_seconds: float = 0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RecipientRefused(ProviderError):
    """This mail cannot reach this address, whoever carries it. `status`: RFC 3463 or, without one, the reply code."""

    def __init__(self, status: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class MaybeAccepted(ProviderError):
    """The mail was sent and no answer came: it must not be sent again by itself."""


class Provider(Protocol):
    """One way out."""

    name: str

    @property
    def is_configured(self) -> bool:
        """Whether the configuration has what it needs."""

    @property
    def place(self) -> str:
        """Where it is, for people; without secrets."""

    @property
    def breaker_host(self) -> str:
        """The host whose circuit breaker guards it, "" where there is none."""

    def send(self, mail: Mail) -> Receipt:
        """Hand the mail over. Raises NotAccepted, RecipientRefused or MaybeAccepted."""

    def check(self) -> str:
        """Try everything but sending; a sentence on what was found. Raises NotAccepted."""
