"""What imports announce."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ImportFinished(Event):
    """A whole file is stored."""

    run_id: int
    target: str
    created: int
    updated: int


@dataclass(frozen=True, kw_only=True)
class ImportUndone(Event):
    """What a file had brought is gone again."""

    run_id: int
    target: str
