"""A running server and real processes: what is killed in between loses nothing, and what comes twice is stored once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests import migrated_database
from tests.tracking.conftest import basic

ROOT = Path(__file__).resolve().parents[2]
EVENTS = 300
AT_ONCE = 200
PREPARE = """
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from apps.accounts.models import Organization
from apps.core.audit import System
from apps.tracking import actions
organization = Organization.objects.create(name="Harbour Opticians", slug="harbour")
for name in ("Shop", "App"):
    details = actions.SourceDetails(name, "server")
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
import sys, django
django.setup()
from apps.tracking.models import Event, QuarantinedEvent
events = Event.objects.filter(source__name=sys.argv[1], name=sys.argv[2])
numbers = [event.body["properties"]["number"] for event in events]
print("SEEN", len(numbers), len(set(numbers)), QuarantinedEvent.objects.count())
"""
# The worker dies when it has made the customer and before it has said by which names they are known.
FOLLOW = """
import os, signal, sys, django
django.setup()
from django.utils import timezone
from apps.customers.actions import identity
from apps.customers.models import Customer, Identifier
from apps.tracking import actions
from apps.tracking.models import Todo
if sys.argv[1] == "die":
    identity.observe = lambda *args, **options: os.kill(os.getpid(), signal.SIGKILL)
while actions.follow_next(now=timezone.now()):
    pass
print("LEFT", Todo.objects.count(), Customer.objects.count(), Identifier.objects.filter(kind="user_id").count())
"""


@dataclass
class Installation:
    """A database of its own, two sources, and a server that can be killed."""

    environment: dict[str, str]
    keys: list[str]
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """One process, so that a kill takes everything with it."""
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--workers", "1", "--blocking-threads", "8", "--no-ws"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "config.wsgi:application"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        pytest.fail(f"The server did not start: {self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """Like a machine that loses power."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)

    def run(self, script: str, word: str, *arguments: str) -> list[list[str]]:
        """What the script says after `word`, line by line."""
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return [line.split()[1:] for line in done.stdout.splitlines() if line.startswith(word)]

    def post(self, key: str, batch: list[dict[str, object]]) -> dict[str, int]:
        """The answer to one batch."""
        headers = {"Authorization": basic(key), "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}/v1/batch", json.dumps({"batch": batch}).encode(), headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            found: dict[str, int] = json.load(answer)
            return found


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """On the database that this run of the suite is about, in a fresh one beside it."""
    folder = tmp_path_factory.mktemp("installation")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    dropped = ("DATABASE_URL", "REDIS_URL", "BROKER_URL")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "VAR_DIR": str(folder), "LOG_LEVEL": "WARNING"}
    environment |= {"BASE_URL": f"http://127.0.0.1:{port}", "LAKE_FOLDER": str(folder / "lake")}
    name = f"compass_sender_{os.getpid()}"
    server = connection.settings_dict
    places = {"host": server["HOST"], "port": server["PORT"], "user": server["USER"], "password": server["PASSWORD"]}
    if connection.vendor == "postgresql":
        with psycopg.connect(dbname="postgres", autocommit=True, **places) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        account = f"{server['USER']}:{server['PASSWORD']}".rstrip(":")
        environment["DATABASE_URL"] = f"postgres://{account}@{server['HOST']}:{server['PORT'] or 5432}/{name}"
    else:
        migrated_database.copy_to(folder / "compass.sqlite3")
    made = Installation(environment, [], port, folder / "server.log")
    try:
        made.keys = [key for (key,) in made.run(PREPARE, "KEY")]
        made.start()
        yield made
    finally:
        made.kill()
        if connection.vendor == "postgresql":
            with psycopg.connect(dbname="postgres", autocommit=True, **places) as admin:
                admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_a_library_loses_nothing_when_the_server_is_killed(installation: Installation) -> None:
    command = [sys.executable, "-c", SEND, installation.keys[0], installation.address, str(EVENTS)]
    sender = subprocess.Popen(
        command, env=installation.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        time.sleep(0.6)
        installation.kill()
        installation.start()
        said, complained = sender.communicate(timeout=120)
    finally:
        sender.kill()
    assert said.split() == ["FAILURES", "0"], complained[-2000:]
    assert installation.run(COUNT, "SEEN", "Shop", "Order Completed") == [[str(EVENTS), str(EVENTS), "0"]]


def test_the_same_batch_many_times_at_once_is_stored_once(installation: Installation) -> None:
    batch: list[dict[str, object]] = [
        {"type": "track", "event": "Voucher Used", "userId": "9", "properties": {"number": number}}
        for number in range(5)
    ]
    # Half of them with ids of their own, half with ids that come from the content; in another order each time.
    for number in (0, 2, 4):
        batch[number]["messageId"] = f"voucher-{number}"
    orders = [batch[turn % 5 :] + batch[: turn % 5] for turn in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda order: installation.post(installation.keys[1], order), orders))
    assert sum(answer["accepted"] for answer in answers) == 5
    assert sum(answer["duplicate"] for answer in answers) == 5 * AT_ONCE - 5
    assert installation.run(COUNT, "SEEN", "App", "Voucher Used") == [["5", "5", "0"]]


def test_a_worker_that_is_killed_between_storing_and_linking_loses_nothing(installation: Installation) -> None:
    call = {"type": "identify", "userId": "42", "anonymousId": "device", "traits": {"email": "ann@example.com"}}
    assert installation.post(installation.keys[1], [{**call, "messageId": "once"}])["accepted"] == 1
    died = subprocess.run([sys.executable, "-c", FOLLOW, "die"], cwd=ROOT, env=installation.environment)
    assert died.returncode == -signal.SIGKILL
    assert installation.run(FOLLOW, "LEFT", "on") == [["0", "1", "1"]]
