"""Celery's queue in a folder, for a machine that has no broker: kombu's own, made safe against halves of messages.

Kombu creates a message's file and then writes it; a worker that looks in between reads nothing, takes that for a broken
broker and ends. Here a file appears whole. One that is broken all the same (the disk was full, the power went) is left
out: what had to be done stands in a row, and a sweep finds it.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

import structlog
from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

log = structlog.get_logger(__name__)


class Channel(filesystem.Channel):
    """Messages as files `<time>_<id>.<queue>.msg`."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # as in kombu
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        # No worker looks at this name.
        draft = Path(self.data_folder_out) / f"{name}.part"
        try:
            draft.write_text(dumps(payload))
            draft.rename(draft.with_suffix(""))
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ChannelError(f"{name} cannot be written") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        try:
            return super()._get(queue)
        except ValueError as error:
            log.warning("broken message left out", queue=queue)
            raise Empty from error


class Transport(filesystem.Transport):
    """What stands behind `filesystem://`."""

    Channel = Channel


def register() -> None:
    """Let `filesystem://` lead here."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
