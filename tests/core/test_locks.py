"""Advisory locks: one holder, freed at the end of the block and at the end of the process."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest
from django.conf import settings
from django.db import connection

from apps.core.locks import advisory_lock, one_writer

pytestmark = pytest.mark.django_db

HOLDER = """
import os, sys, time
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from apps.core.locks import advisory_lock
with advisory_lock("sweep") as alone:
    print(alone, flush=True)
    time.sleep(60)
"""


def test_second_holder_is_told_no_until_the_first_leaves() -> None:
    with advisory_lock("sweep") as first:
        with advisory_lock("sweep") as second, advisory_lock("other") as other:
            assert (first, second, other) == (True, False, True)
    with advisory_lock("sweep") as again:
        assert again


def test_lock_is_freed_when_the_work_fails() -> None:
    with pytest.raises(ZeroDivisionError), advisory_lock("sweep"):
        raise ZeroDivisionError
    with advisory_lock("sweep") as again:
        assert again


def test_threads_exclude_each_other() -> None:
    answers: list[bool] = []

    def attempt() -> None:
        with advisory_lock("sweep") as alone:
            answers.append(alone)

    with advisory_lock("sweep"):
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    assert answers == [False]


def test_killed_process_frees_its_lock() -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(connection.settings_dict["NAME"])],
        stdout=subprocess.PIPE,
        text=True,
        cwd=settings.BASE_DIR,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "True"
        with advisory_lock("sweep") as alone:
            assert not alone
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    # The database notices the closed socket by itself, a moment later.
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with advisory_lock("sweep") as alone:
            if alone:
                return
    pytest.fail("the lock of a killed process was never freed")


WRITER = """
import sys, time
import django
django.setup()
from apps.core.locks import one_writer
with one_writer():
    print("mine", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL lets many write")
@pytest.mark.django_db(transaction=True)
def test_writers_of_other_processes_stand_in_line_and_the_dead_leave_it() -> None:
    holder = subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR)
    written = threading.Event()

    def write() -> None:
        with one_writer():
            written.set()
        connection.close()

    thread = threading.Thread(target=write)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "mine"
        thread.start()
        assert not written.wait(0.3)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
        thread.join(10)
    assert written.is_set()
