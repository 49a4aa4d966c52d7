"""How a call can fail, by what the caller may do next."""

from __future__ import annotations


class OutgoingError(Exception):
    """Base of all. `service` is the client's name; the text holds no secret and no body."""

    def __init__(self, service: str, message: str) -> None:
        super().__init__(f"{service}: {message}")
        self.service = service


class Unavailable(OutgoingError):
    """The service did not take the request; trying later, or another service, is safe.

    Args:
        before_sent: no byte of the body was processed (no connection, 429, open breaker); False when the service
            answered 5xx or a harmless request went unanswered.
        retry_after: seconds that the service (or the breaker) asked to wait, if it did.
        status: the HTTP status, if there was an answer.
    """

    def __init__(
        self,
        service: str,
        message: str,
        *,
        before_sent: bool,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(service, message)
        self.before_sent = before_sent
        self.retry_after = retry_after
        self.status = status


class Unknown(OutgoingError):
    """The request was sent and no answer came: it may have happened. Never repeated automatically."""


class Rejected(OutgoingError):
    """The service understood and said no (4xx). `body` holds what it said."""

    def __init__(self, service: str, status: int, body: bytes) -> None:
        super().__init__(service, f"rejected with {status}")
        self.status = status
        self.body = body


class InvalidResponse(OutgoingError):
    """An answer that is not what the protocol says: no JSON, too long, an unexpected redirect."""
