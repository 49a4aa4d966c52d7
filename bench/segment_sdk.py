"""A library from PyPI sends 10,000 events to the running product, which is killed (-9) and started again meanwhile.

    python bench/segment_sdk.py [--events 10000] [--kills 3] [--postgres]

Uses `segment-analytics-python` as it is: its own queue, batches, gzip and retries, with the product's address as its
host. Fails unless every event is stored exactly once, nothing is in the quarantine, and the library reports no error.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import harness

START_SECONDS = 60


class Server:
    """The page server with two workers; a kill takes the whole group, like a machine that loses power."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self.env, self.log = env, log
        self.port = harness.free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--workers", "2", "--blocking-threads", "4", "--no-ws"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--log-level", "error", "config.wsgi:application"],
                cwd=harness.ROOT,
                env={**self.env, "BASE_URL": self.address},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        harness._wait_until_ready(self.process, f"{self.address}/health/live", self.log)

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--postgres", action="store_true", help="a fresh PostgreSQL database, and Redis")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        var = stack.enter_context(harness.folder())
        places = {}
        if arguments.postgres:
            places = {"database_url": stack.enter_context(harness.database("sdk")), "redis_url": harness.clean_redis()}
        env = harness.environment(var, DEMO="0", **places)
        harness.manage(env, "prepare", "--verbosity", "0")
        harness.setup_django(env)
        key = make_source()
        server = Server(env, var / "web.log")
        server.start()
        stack.callback(server.kill)
        took, failures, kills = send(server, key, arguments.events, arguments.kills)
        stored, different, quarantined = count()
    print(f"{arguments.events:,} events by segment-analytics-python in {took:.1f} s, server killed {kills} times")
    print(f"  stored {stored:,}, different {different:,}, in the quarantine {quarantined}, errors reported {failures}")
    is_good = stored == different == arguments.events and not quarantined and not failures and kills >= 1
    print("  all there, once" if is_good else "  WRONG")
    return 0 if is_good else 1


def make_source() -> str:
    from django.utils import timezone

    from apps.accounts.models import Organization
    from apps.core.audit import System
    from apps.tracking import actions

    organization = Organization.objects.create(name="Bench", slug="bench")
    details = actions.SourceDetails("Shop", "server")
    return actions.create_source(organization, details, by=System(), now=timezone.now())[1]


def send(server: Server, key: str, events: int, kills: int) -> tuple[float, int, int]:
    """Seconds, errors that the library reported, how often the server was killed while it sent."""
    from segment.analytics.client import Client

    failures: list[object] = []
    client = Client(
        key, host=server.address, gzip=True, max_queue_size=events, on_error=lambda *told: failures.append(told)
    )
    began = time.monotonic()
    for number in range(events):
        client.track(f"user-{number % 500}", "Order Completed", {"number": number, "total": 12.5})
    flushing = threading.Thread(target=client.flush, daemon=True)
    flushing.start()
    killed = 0
    while flushing.is_alive() and killed < kills:
        time.sleep(0.4)
        if not flushing.is_alive():
            break
        server.kill()
        killed += 1
        server.start()
        time.sleep(1)
    flushing.join(600)
    client.join()
    return time.monotonic() - began, len(failures), killed


def count() -> tuple[int, int, int]:
    from apps.tracking.models import Event, QuarantinedEvent

    numbers = [body["properties"]["number"] for body in Event.objects.values_list("body", flat=True)]
    return len(numbers), len(set(numbers)), QuarantinedEvent.objects.count()


if __name__ == "__main__":
    sys.exit(main())
