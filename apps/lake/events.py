"""What happens to files."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class FileStored(Event):
    """The lake has the file. `reference` is what the caller of `put` gave."""

    file_id: int
    reference: str
    path: str


@dataclass(frozen=True, kw_only=True)
class FileFailed(Event):
    """The file was given up until a person asks for another try; its content is kept in the row."""

    file_id: int
    reference: str
    path: str
    reason: str
