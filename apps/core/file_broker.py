"""Celery's queue in a folder, for a machine that has no broker: kombu's own, made safe against halves of files.

Kombu creates a file and then writes it, a message's as well as the list of queues; a worker that looks in between
reads nothing, takes that for a broken broker and ends. Here a file appears whole. A message that is broken all the same
(the disk was full, the power went) is left out: what had to be done stands in a row, and a sweep finds it.
"""

from __future__ import annotations

import fcntl
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

import structlog
from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.transport.filesystem import exchange_queue_t
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

    def get_table(self, exchange: str) -> list[exchange_queue_t]:  # type: ignore[override]  # as in kombu
        """The queues of an exchange; a broken list is an empty one, and whoever binds a queue next writes it anew."""
        try:
            return list(super().get_table(exchange))
        except ValueError:
            log.warning("broken list of queues left out", exchange=exchange)
            return []

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        file = Path(self._exchange_file(exchange))  # type: ignore[attr-defined]  # the stubs are older
        bound = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        try:
            file.parent.mkdir(exist_ok=True)
            with file.with_suffix(".lock").open("w") as line:
                fcntl.flock(line, fcntl.LOCK_EX)
                queues = self.get_table(exchange)
                if bound not in queues:
                    draft = file.with_suffix(".part")
                    draft.write_text(dumps([bound, *queues]))
                    draft.replace(file)
        except OSError as error:
            raise ChannelError(f"{file} cannot be written") from error

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
