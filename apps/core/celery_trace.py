"""The request id travels with a task: into its message, into the worker's logs, and on to the tasks that it starts.

`config/celery.py` connects it. Every task leaves one line when it ends, and its time in the metrics.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import structlog
from celery import Task, signals

from apps.core import metrics, request_context

log = structlog.get_logger(__name__)

HEADER = "compass_request_id"

TASKS = metrics.Histogram(
    "compass_task_seconds",
    "Tasks by name and how they ended",
    ["task", "outcome"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120),
)


@dataclass
class _Running:
    """What must be undone when the task ends."""

    started: float
    trace: AbstractContextManager[request_context.Trace]


_running: dict[str, _Running] = {}


def connect() -> None:
    """Listen to Celery. A second call changes nothing."""
    signals.before_task_publish.connect(_carry)
    signals.task_prerun.connect(_begin)
    signals.task_postrun.connect(_end)
    signals.setup_logging.connect(_keep_our_logging)


def _carry(headers: dict[str, Any] | None = None, **_: Any) -> None:
    request_id = request_context.current().request_id
    if headers is not None and request_id:
        headers[HEADER] = request_id


def _begin(task_id: str, task: Task[Any, Any], **_: Any) -> None:
    # A task of beat belongs to no request; its own id then ties its lines together.
    request_id = task.request.get(HEADER) or request_context.current().request_id or task_id
    trace = request_context.trace(request_id)
    trace.__enter__()
    _running[task_id] = _Running(time.perf_counter(), trace)
    log.debug("task_started", task=task.name, task_id=task_id)


def _end(task_id: str, task: Task[Any, Any], state: str | None = None, **_: Any) -> None:
    running = _running.pop(task_id, None)
    if running is None:
        return
    seconds = time.perf_counter() - running.started
    outcome = (state or "UNKNOWN").lower()
    TASKS.labels(task.name, outcome).observe(seconds)
    write = log.error if outcome == "failure" else log.info
    write("task_ended", task=task.name, task_id=task_id, outcome=outcome, ms=round(seconds * 1000, 1))
    running.trace.__exit__(None, None, None)


def _keep_our_logging(**_: Any) -> None:
    """Celery sets up its own logging unless somebody listens to this signal."""
