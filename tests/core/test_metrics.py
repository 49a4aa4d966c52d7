"""Metrics: who may read them, and that the numbers of all processes are added up."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client

from apps.core import metrics

COUNT = metrics.Counter("compass_test_things_total", "Things", ["kind"])
ANOTHER_PROCESS = """
import django; django.setup()
from apps.core import metrics
metrics.Counter("compass_test_things_total", "Things", ["kind"]).labels("a").inc(2)
"""


def value_of(text: str, line: str) -> float:
    match = re.search(rf"^{re.escape(line)} (\S+)$", text, re.M)
    assert match, f"{line} is not in the answer"
    return float(match[1])


def test_numbers_of_all_processes_are_added(db: None) -> None:
    COUNT.labels("a").inc()
    subprocess.run([sys.executable, "-c", ANOTHER_PROCESS], check=True, cwd=settings.BASE_DIR)
    assert value_of(metrics.exposition().decode(), 'compass_test_things_total{kind="a"}') == 3


def test_request_is_counted_by_route(client: Client, db: None) -> None:
    line = 'compass_request_seconds_count{method="GET",route="core:health_live",status="200"}'
    client.get("/health/live")
    before = value_of(client.get("/metrics").content.decode(), line)
    client.get("/health/live")
    assert value_of(client.get("/metrics").content.decode(), line) == before + 1


def test_path_that_nobody_serves_is_one_route(client: Client, db: None) -> None:
    client.get("/no/such/page/3f9a")
    assert "3f9a" not in client.get("/metrics").content.decode()


def test_gauges_are_asked_and_a_broken_one_hides_no_other(client: Client, db: None, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(metrics, "GAUGES", dict(metrics.GAUGES))

    @metrics.gauge_source("compass_test_broken", "Broken")
    def broken() -> metrics.Samples:
        raise ConnectionError

    text = client.get("/metrics").content.decode()
    assert value_of(text, "compass_outbox_waiting") == 0
    assert "compass_queue_depth{" in text
    assert "compass_test_broken" not in text


@pytest.mark.parametrize(
    ("token", "header", "address", "status"),
    [
        ("", "", "127.0.0.1", 200),
        ("", "", "203.0.113.9", 401),
        ("s3cret", "", "127.0.0.1", 401),
        ("s3cret", "Bearer wrong", "127.0.0.1", 401),
        ("s3cret", "Bearer s3cret", "203.0.113.9", 200),
    ],
)
def test_who_may_read(client: Client, db: None, settings, token, header, address, status) -> None:  # type: ignore[no-untyped-def]
    settings.METRICS_TOKEN = token
    assert client.get("/metrics", headers={"Authorization": header}, REMOTE_ADDR=address).status_code == status


def test_request_through_a_proxy_is_not_from_this_machine(client: Client, db: None) -> None:
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401


def test_files_of_processes_long_gone_are_deleted() -> None:
    COUNT.labels("b").inc()
    gone = metrics.folder() / "counter_999999999.db"
    gone.write_bytes(b"")
    changed = gone.stat().st_mtime
    metrics.forget_dead_processes(now=changed + metrics.KEEP_DEAD_SECONDS - 1)
    assert gone.exists()
    assert metrics.forget_dead_processes(now=changed + metrics.KEEP_DEAD_SECONDS + 1) >= 1
    assert not gone.exists()
    assert (metrics.folder() / f"counter_{os.getpid()}.db").exists()
