"""A worker killed with SIGKILL in the middle of a file: the next one goes on, and every row is there once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Organization
from apps.commerce.models import Order, OrderLine
from apps.core.audit import System
from apps.customers.models import Customer
from apps.imports import actions
from apps.imports.models import ImportRun, RunState

ROOT = Path(__file__).resolve().parents[2]
ROWS = 3000
# Small parts, and death in the third one, when its rows are written and nothing of it is committed.
WORKER = """
import dataclasses, os, signal, sys
import django
django.setup()
from apps.imports import actions, target
from apps.imports.models import ImportRun
run = ImportRun.objects.get()
chosen = target.get(run.target)
count = 0

def store(chunk):
    global count
    outcome = chosen.store(chunk)
    count += 1
    if count == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    return outcome

target.register(dataclasses.replace(chosen, store=store, block_bytes=20_000))
from apps.imports.tasks import work
work()
"""


def worker(dies_in: int) -> int:
    """The exit status of a worker that kills itself in that chunk; 0: in none."""
    values = connection.settings_dict
    url = f"sqlite:///{values['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": url,
        "VAR_DIR": str(settings.VAR_DIR),
    }  # fmt: skip
    command = [sys.executable, "-c", WORKER, str(dies_in)]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _started(organization: Organization, target: str, content: str) -> ImportRun:
    now, by = timezone.now(), System("test")
    run = actions.upload(
        [content.encode()], "big.csv", organization=organization, by=by, now=now, target_key=target, source="shop"
    )
    return actions.start(run, by=by, now=now)


def _killed_and_taken_up(run: ImportRun) -> None:
    assert worker(3) == -signal.SIGKILL
    run.refresh_from_db()
    assert (run.state, run.work, run.chunks.count()) == (RunState.RUNNING, "import", 2)
    assert worker(0) == 0, "the dead worker's lease still runs: nothing to do"
    assert run.chunks.count() == 2
    ImportRun.objects.update(lease_until=timezone.now())
    assert worker(0) == 0
    run.refresh_from_db()
    assert (run.state, run.error) == (RunState.DONE, "")


@pytest.mark.django_db(transaction=True)
def test_customers_of_a_killed_import_are_there_once(organization: Organization) -> None:
    rows = "".join(f"{number},Person {number},p{number}@example.com\n" for number in range(ROWS))
    run = _started(organization, "customers", f"id,name,email\n{rows}broken,Ann,nonsense\n")
    _killed_and_taken_up(run)
    assert (run.rows, run.created, run.rejected) == (ROWS + 1, ROWS, 1)
    assert Customer.objects.count() == ROWS
    assert Customer.objects.values("email").distinct().count() == ROWS
    assert run.error_file is not None
    assert "nonsense" in run.error_file.read_text(encoding="utf-8-sig")


@pytest.mark.django_db(transaction=True)
def test_lines_of_a_killed_import_keep_their_numbers(organization: Organization) -> None:
    """Orders whose lines stand on both sides of the kill: the running number goes on where it was."""
    rows = "".join(f"o{number % 50},s{number % 7},1,{number % 90}.50,2024-05-01\n" for number in range(ROWS))
    run = _started(organization, "order_lines", f"order id,sku,quantity,price,date\n{rows}")
    _killed_and_taken_up(run)
    assert (run.rows, run.created, run.rejected) == (ROWS, ROWS, 0)
    lines = Counter(OrderLine.objects.values_list("order__number", flat=True))
    assert lines == {f"o{number}": ROWS // 50 for number in range(50)}
    order = Order.objects.get(number="o7")
    assert sorted(order.lines.values_list("line_number", flat=True)) == list(range(1, ROWS // 50 + 1))
    assert (order.line_count, order.total) == (60, sum(order.lines.values_list("line_total", flat=True)))
