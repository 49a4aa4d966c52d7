"""A worker killed with SIGKILL in the middle of an upload: the next one finishes it, under the same name, once."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection

from apps.core.models import OutboxEvent
from apps.lake import actions
from apps.lake.models import FileState, LakeFile
from tests.fakes.datalake import DataLake
from tests.lake.conftest import NOW

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import sys, datetime, django
django.setup()
from apps.lake import actions
actions.upload_next(now=datetime.datetime.fromisoformat(sys.argv[1]))
"""


def database_url() -> str:
    """The test's own database, for another process."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    return f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


def start_worker(azure: DataLake, now: datetime) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "LAKE_AZURE_CONNECTION_STRING": azure.connection_string,
    }
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, now.isoformat()], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )


def requests_of(azure: DataLake, method: str) -> int:
    return sum(request.method == method for request in azure.requests)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("method", "step"), [("PUT", 1), ("PATCH", 1), ("PATCH", 2)])
def test_killed_in_the_middle(put: Callable[..., LakeFile], azure: DataLake, method: str, step: int) -> None:
    azure.add_filesystem("compass")
    file = put()
    if step == 2:
        azure.behave(times=1, method=method)  # the first one goes through
    azure.behave(times=1, drop_connection="after", delay=60, method=method)
    worker = start_worker(azure, NOW)
    end = time.monotonic() + 60
    while requests_of(azure, method) < step and worker.poll() is None and time.monotonic() < end:
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(0.02)
    worker.kill()
    worker.wait()
    assert requests_of(azure, method) == step, "it was killed while the store had its request"
    file.refresh_from_db()
    assert file.state == FileState.WAITING
    assert not actions.upload_next(now=NOW), "the dead worker's lease still runs"
    azure.recover()
    assert actions.upload_next(now=NOW + actions.LEASE)
    file.refresh_from_db()
    assert file.state == FileState.STORED
    assert azure.files("compass") == {file.lake_path: b'{"stars": 5}'}
    assert list(OutboxEvent.objects.values_list("name", flat=True)) == ["lake.FileStored"]
