"""Is the process alive, and can it serve? `/health/live` touches nothing; `/health/ready` looks at what a page needs.

Each check runs in a thread of its own and is given up after two seconds, so that a database that hangs makes the
answer 503 and not late. A check that still hangs is not started a second time.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from celery import current_app
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.core import patience

LIMIT_SECONDS = 1.8
GIVE_UP_SECONDS = 5.0

Check = Callable[[], str]
"""Returns "" when all is well, else what is wrong, for an operator: no addresses, no secrets."""


def database() -> str:
    """The database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


_migrated = threading.Event()


def migrations() -> str:
    """Every migration of this code is applied; asked until that is true, for it stays true while the process runs."""
    if not _migrated.is_set():
        executor = MigrationExecutor(connection)
        if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return f"{len(plan)} migrations are not applied"
        _migrated.set()
    return ""


def broker() -> str:
    """Tasks can be published."""
    with current_app.connection_for_write() as broker_connection:
        broker_connection.ensure_connection(max_retries=1, timeout=1)
        folder = (broker_connection.transport_options or {}).get("data_folder_out")
    if folder and not os.access(folder, os.W_OK):
        return "the queue's folder is not writable"
    return ""


CHECKS: dict[str, Check] = {"database": database, "migrations": migrations, "broker": broker}


@dataclass
class _Run:
    """One check on its way."""

    check: Check
    result: str | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> None:
        """Run in a thread: whatever goes wrong is the result."""
        try:
            # A thread that waited for ever would keep the check from ever being asked again.
            with patience.at_most(GIVE_UP_SECONDS):
                self.result = self.check()
        except Exception as error:
            self.result = type(error).__name__
        finally:
            connection.close()
            self.done.set()


_running: dict[str, _Run] = {}
_starting = threading.Lock()


def problems(*, limit_seconds: float = LIMIT_SECONDS) -> dict[str, str]:
    """Name of the check → what is wrong; empty when the process can serve. Takes at most `limit_seconds`."""
    deadline = time.monotonic() + limit_seconds
    runs = {name: _started(name, check) for name, check in CHECKS.items()}
    found = {}
    for name, run in runs.items():
        run.done.wait(max(0.0, deadline - time.monotonic()))
        result = run.result if run.done.is_set() else "no answer"
        if result:
            found[name] = result
    return found


def _started(name: str, check: Check) -> _Run:
    with _starting:
        run = _running.get(name)
        if run is None or run.done.is_set() or run.check is not check:
            run = _running[name] = _Run(check)
            threading.Thread(target=run, name=f"health-{name}", daemon=True).start()
        return run
