"""One link under fire, through a real web server with real threads."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import migrated_database

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "var" / "static-for-tests"
POSTS, OPENINGS = 200, 1000
SCANNER = {"User-Agent": "Mozilla/5.0 (compatible; MailScanner)"}
PREPARE = """
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
call_command("prepare", verbosity=0)
from apps.accounts.models import Organization
from apps.forms import tokens
from tests.feedback.conftest import make_customer, make_request
organization = Organization.objects.create(name="Harbour Opticians", slug="harbour")
print("TOKEN", tokens.write(make_request(make_customer(organization), None, timezone.now()).link))
"""
COUNT = """
import django
django.setup()
from apps.feedback.models import Response
print("RESPONSES", Response.objects.count())
"""


class Server(NamedTuple):
    """Where it listens, the link's path, and how to run a script beside it."""

    port: int
    path: str
    environment: dict[str, str]

    def ask(self, method: str, body: str = "") -> tuple[int, str]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else SCANNER
        connection.request(method, self.path, body or None, kind)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, text


def run(script: str, environment: dict[str, str], word: str) -> str:
    """What the script says after `word`."""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return next(line.split()[1] for line in done.stdout.splitlines() if line.startswith(word))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    dropped = ("DATABASE_URL", "REDIS_URL", "BROKER_URL")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "VAR_DIR": str(tmp_path)}
    environment |= {"BASE_URL": f"http://127.0.0.1:{port}", "LAKE_FOLDER": str(tmp_path / "lake")}
    environment |= {"SURVEY_ANSWERS_PER_LINK": "10000", "SURVEY_ANSWERS_PER_ADDRESS": "10000"}
    migrated_database.copy_to(tmp_path / "compass.sqlite3")
    # Compressing static files anew would cost as much as the test; `prepare` sees whether they are today's.
    STATIC.mkdir(parents=True, exist_ok=True)
    (tmp_path / "static").symlink_to(STATIC)
    token = run(PREPARE, environment, "TOKEN")
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--blocking-threads", "8", "config.wsgi:application"],
            cwd=ROOT, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            wait_for(port, process, tmp_path / "server.log")
            yield Server(port, f"/s/{token}/", environment)
        finally:
            process.terminate()
            process.wait(20)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(log.read_text()[-3000:])


def test_scanners_use_nothing_up_and_one_of_two_hundred_answers_counts(server: Server) -> None:
    with ThreadPoolExecutor(16) as pool:
        methods = ["GET", "HEAD"] * (OPENINGS // 2)
        assert Counter(status for status, _ in pool.map(server.ask, methods)) == {200: OPENINGS}
    with ThreadPoolExecutor(POSTS) as pool:
        bodies = [f"stars={number % 5 + 1}&comment=Answer+{number}&form_key=key{number}" for number in range(POSTS)]
        answers = list(pool.map(lambda body: server.ask("POST", body), bodies))
    assert Counter(status for status, _ in answers) == {200: 1, 410: POSTS - 1}
    assert all("Already answered" in text for status, text in answers if status == 410)
    assert run(COUNT, server.environment, "RESPONSES") == "1"
