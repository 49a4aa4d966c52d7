"""Wakes a worker after a commit without making a page wait for the broker.

Work that must not be lost is a row with a state; a sweep finds it. `wake(task)` asks for the sweep to run soon: a
thread of the process publishes each wanted task at most five times a second, however many rows were written, so an
answer costs no round trip to the broker, and a broker that is away delays nobody: beat runs the same sweep for what
was left behind.

A sweep that waits in the queue will see whatever is committed until it begins, so a second one is not published
meanwhile: without that, a busy hour would fill a slow broker with thousands of sweeps that find nothing to do.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import structlog
from celery import current_app
from celery.signals import task_prerun
from django.conf import settings
from django.core.cache import cache
from django.db import connections

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 0.2
PAUSE_AFTER_FAILURE_SECONDS = 5.0
# A published sweep that has not begun by then is taken for lost.
WAITING_SECONDS = 30

DELIVER_EVENTS = "core.deliver_waiting_events"

_tasks: set[str] = set()
_wanted = threading.Event()
_starting = threading.Lock()
_thread: tuple[int, threading.Thread] | None = None


def wake(task: str = DELIVER_EVENTS) -> None:
    """Ask for a sweep (a task without arguments) to run soon. Returns at once and never raises."""
    if settings.CELERY_TASK_ALWAYS_EAGER:
        return
    _tasks.add(task)
    _wanted.set()
    _ensure_thread()


def _ensure_thread() -> None:
    global _thread
    # A thread does not survive a fork, hence the process id.
    if _thread is None or _thread[0] != os.getpid():
        with _starting:
            if _thread is None or _thread[0] != os.getpid():
                thread = threading.Thread(target=_publish_forever, name="outbox-waker", daemon=True)
                _thread = (os.getpid(), thread)
                thread.start()


def _publish_forever() -> None:
    while True:
        _wanted.wait()
        _wanted.clear()
        time.sleep(PAUSE_SECONDS if _publish() else PAUSE_AFTER_FAILURE_SECONDS)


def _publish() -> bool:
    """Publish every task wanted by now; whether the broker took them all."""
    # What is asked for meanwhile waits for the next round: a loop until nothing is wanted would never end, and never
    # pause, while a burst of answers comes in.
    for task in list(_tasks):
        _tasks.discard(task)
        if not _announce(task):
            continue
        try:
            current_app.send_task(task, ignore_result=True)
        except Exception as error:
            log.warning("broker_unreachable", task=task, error=str(error))
            _forget(task)
            return False
    return True


def _announce(task: str) -> bool:
    """Whether the task has to be published: not while one waits that has not begun. In doubt it is."""
    try:
        return bool(cache.add(_key(task), 1, WAITING_SECONDS))
    except Exception as error:
        log.warning("cache_unreachable", task=task, error=str(error))
        # This thread's only; a broken connection must not be kept.
        connections.close_all()
        return True


def _forget(task: str) -> None:
    try:
        cache.delete(_key(task))
    except Exception as error:
        log.warning("cache_unreachable", task=task, error=str(error))


def _key(task: str) -> str:
    return f"sweep:{task}"


@task_prerun.connect
def _begun(task: Any = None, args: object = None, kwargs: object = None, **_: object) -> None:
    """A sweep begins: what is committed from now on needs another one."""
    if task is not None and not args and not kwargs and not settings.CELERY_TASK_ALWAYS_EAGER:
        _forget(task.name)
