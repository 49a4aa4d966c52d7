"""A real library sends to a real server that is killed in between: everything is there once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EVENTS = 300
PREPARE = """
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
call_command("prepare", verbosity=0)
from apps.accounts.models import Organization
from apps.core.audit import System
from apps.tracking import actions
organization = Organization.objects.create(name="Harbour Opticians", slug="harbour")
details = actions.SourceDetails("Shop", "server")
print("KEY", actions.create_source(organization, details, by=System(), now=timezone.now())[1])
"""
SEND = """
import sys
from segment.analytics.client import Client
failures = []
client = Client(sys.argv[1], host=sys.argv[2], gzip=True, upload_size=20, on_error=lambda *told: failures.append(told))
for number in range(int(sys.argv[3])):
    client.track("user-7", "Order Completed", {"number": number})
client.flush()
client.join()
print("FAILURES", len(failures))
"""
COUNT = """
import django
django.setup()
from apps.tracking.models import Event, QuarantinedEvent
numbers = sorted(event.body["properties"]["number"] for event in Event.objects.all())
print("SEEN", len(numbers), len(set(numbers)), QuarantinedEvent.objects.count())
"""


def run(script: str, environment: dict[str, str], word: str, *arguments: str) -> list[str]:
    """What the script says after `word`."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return next(line.split()[1:] for line in done.stdout.splitlines() if line.startswith(word))


def start(port: int, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """One worker process, so that a kill takes everything with it."""
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--lifespan", "off", "--log-level", "warning"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    pytest.fail(f"The server did not start: {log.read_text()[-3000:]}")


def test_a_library_loses_nothing_when_the_server_is_killed(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    dropped = ("DATABASE_URL", "REDIS_URL", "BROKER_URL")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "VAR_DIR": str(tmp_path), "LOG_LEVEL": "WARNING"}
    environment |= {"BASE_URL": f"http://127.0.0.1:{port}", "LAKE_FOLDER": str(tmp_path / "lake")}
    (key,) = run(PREPARE, environment, "KEY")
    log = tmp_path / "server.log"
    server = start(port, environment, log)
    command = [sys.executable, "-c", SEND, key, f"http://127.0.0.1:{port}", str(EVENTS)]
    sender = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(0.6)
        server.kill()
        server.wait(20)
        server = start(port, environment, log)
        said, complained = sender.communicate(timeout=120)
    finally:
        sender.kill()
        server.terminate()
        server.wait(20)
    assert said.split() == ["FAILURES", "0"], complained[-2000:]
    assert run(COUNT, environment, "SEEN") == [str(EVENTS), str(EVENTS), "0"]
