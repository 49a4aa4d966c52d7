"""What a store can do, and how it can fail."""

from __future__ import annotations

from typing import Protocol


class StoreError(Exception):
    """The store did not do it. `retry_after_seconds`: how long it asked to be left alone, 0 where it did not say."""

    def __init__(self, message: str, *, retry_after_seconds: float = 0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(StoreError):
    """Away, slow, busy or talking nonsense: worth another try later. Whether it was done is not known."""


class Rejected(StoreError):
    """It understood and said no (key, rights, name): another try helps only after somebody changed something."""


class Conflict(StoreError):
    """Another content is stored under this path; a store never replaces a file."""


class Missing(StoreError):
    """There is no file of this path."""


class Store(Protocol):
    """A place for files that are written once. Paths are relative, with `/` between the parts."""

    name: str

    @property
    def place(self) -> str:
        """Where it is, for people; without secrets."""

    def create(self, path: str, content: bytes) -> None:
        """Store the file unless it is there. Doing it again with the same content is fine, also after a kill.

        Raises:
            Conflict: the path holds another content. Unavailable, Rejected: see there.
        """

    def read(self, path: str) -> bytes:
        """The file. Raises Missing, Unavailable, Rejected."""

    def delete(self, path: str) -> None:
        """Remove the file for good; one that is not there is fine. Raises Unavailable, Rejected."""

    def check(self) -> None:
        """Write, read and remove a small file. Raises what went wrong."""
