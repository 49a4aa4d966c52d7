"""What the benchmarks share: databases of their own, servers, load, interleaved rounds, and one way to print.

A figure alone says more about the machine than about the program. So every case is measured beside its peer or limit in
the same run, in rounds that take turns, and the medians are compared.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://root@127.0.0.1:5432")
# A production installation has Redis; its own number keeps a measurement apart from everything else.
REDIS = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/9")
START_SECONDS = 120
STOP_SECONDS = 20

# wrk prints no 95th percentile by itself.
WRK_REPORT = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %f %f %d\\n", summary.requests / summary.duration * 1e6,
    latency:percentile(95) / 1000, e.status + e.connect + e.read + e.write + e.timeout))
end
"""


def program(name: str) -> str:
    """Where a tool is; ends the run with a plain word when it is not installed."""
    found = shutil.which(name)
    if found is None:
        sys.exit(f"This measurement needs the program {name}; install it and start again.")
    return found


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A VAR_DIR of its own, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="compass-bench-", ignore_cleanup_errors=True) as path:
        (Path(path) / "static").mkdir()
        yield Path(path)


@contextlib.contextmanager
def database(name: str) -> Iterator[str]:
    """A fresh PostgreSQL database, dropped afterwards; yields its URL."""
    name = f"compass_bench_{name}_{os.getpid()}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{POSTGRES}/{name}"
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def clean_redis(url: str = REDIS) -> str:
    """The benchmarks' own Redis database, emptied."""
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


def environment(var: Path, *, database_url: str = "", redis_url: str = "", **more: str) -> dict[str, str]:
    """The environment of one installation: ours alone, whatever the caller's shell has set."""
    kept = {name: value for name, value in os.environ.items() if name not in ("BROKER_URL", "BASE_URL", "PORT", "HOST")}
    own = {"VAR_DIR": str(var), "LAKE_FOLDER": str(var / "lake"), "LOG_LEVEL": "WARNING", "PYTHONPATH": str(ROOT)}
    own |= {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    return kept | {"DJANGO_SETTINGS_MODULE": "config.settings"} | own | more


def manage(env: Mapping[str, str], *words: str) -> None:
    """Run a management command of that installation."""
    subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=dict(env), check=True)


def setup_django(env: Mapping[str, str]) -> None:
    """Make this very process one of that installation's, to fill its tables and to sign people in."""
    os.environ.update(env)
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], env: Mapping[str, str], *, ready: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server process from its first good answer at `ready` until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=dict(env), stdout=output, stderr=output)
        try:
            _wait_until_ready(process, ready, log)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], ready: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(ready, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit(f"The server did not start:\n{log.read_text()[-3000:]}")


@contextlib.contextmanager
def pages(env: Mapping[str, str], var: Path, *, workers: int = 2, threads: int = 4) -> Iterator[str]:
    """Pages and API as production serves them (granian, WSGI); yields the address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(workers), "--blocking-threads", str(threads), "--no-ws", "--log-level", "error"]
    own = {**env, "BASE_URL": address}
    with running([*command, "config.wsgi:application"], own, ready=f"{address}/health/live", log=var / "web.log"):
        yield address


@contextlib.contextmanager
def product(env: Mapping[str, str], var: Path) -> Iterator[str]:
    """Web server, worker and beat as a user starts them; yields the address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    own = {**env, "PORT": str(port), "BASE_URL": address}
    command = [sys.executable, "scripts/run.py"]
    with running(command, own, ready=f"{address}/health/ready", log=var / "product.log"):
        yield address


@dataclass(frozen=True)
class Load:
    """What a load generator saw."""

    per_second: float
    p95_ms: float
    errors: int


def wrk(
    url: str, *, seconds: float, headers: Mapping[str, str] | None = None, connections: int = 32, lua: str = ""
) -> Load:
    """GET `url` over keep-alive connections; `lua` may make the requests differ."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(lua + WRK_REPORT)
        script.flush()
        command = [program("wrk"), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", script.name]
        command += ["--timeout", "10s"]
        for name, value in (headers or {}).items():
            command += ["-H", f"{name}: {value}"]
        printed = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    found = re.search(r"RESULT (\S+) (\S+) (\d+)", printed)
    assert found, printed
    return Load(float(found[1]), float(found[2]), int(found[3]))


def pgbench(url: str, statement: str, *, seconds: float, clients: int = 8) -> Load:
    """The database alone with that one statement, prepared: the limit for whoever sends it."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(statement.replace("\n", " ").rstrip("; ") + ";\n")
        script.flush()
        command = [program("pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "2"]
        command += ["-T", str(max(1, round(seconds))), "-f", script.name, url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = (\S+) \(without", done.stdout)
    assert found and done.returncode == 0, done.stderr
    return Load(float(found[1]), 0.0, int("failed transactions: 0 " not in done.stdout))


Case = Callable[[], Load]


def interleaved(cases: Mapping[str, Case], *, rounds: int) -> dict[str, Load]:
    """Measure all cases in turns; medians over the rounds, errors added up. One short turn before is not counted."""
    for case in cases.values():
        case()
    seen: dict[str, list[Load]] = {name: [] for name in cases}
    for number in range(rounds):
        names = list(cases)
        # Each round begins with another case, so that none always follows the same one.
        for name in names[number % len(names) :] + names[: number % len(names)]:
            seen[name].append(cases[name]())
    return {
        name: Load(
            statistics.median(load.per_second for load in loads),
            statistics.median(load.p95_ms for load in loads),
            sum(load.errors for load in loads),
        )
        for name, loads in seen.items()
    }


@dataclass(frozen=True)
class Row:
    """One comparison. `ratio` is measured / beside; `goal` is its bound, None where there is only something to know."""

    what: str
    measured: float
    beside: float | None = None
    beside_what: str = ""
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def ratio(self) -> float:
        """The figure that the goal is about."""
        return self.measured / self.beside if self.beside else self.measured

    @property
    def verdict(self) -> str:
        """Met or not; empty without a goal."""
        if self.at_least is None and self.at_most is None:
            return ""
        good = self.ratio >= self.at_least if self.at_least is not None else self.ratio <= (self.at_most or 0)
        return "met" if good else "MISSED"

    @property
    def goal(self) -> str:
        """The bound as text."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else ""


def report(title: str, rows: list[Row]) -> None:
    """Print the comparisons as one table; a missed goal stands there like a met one."""
    cells = [["", "measured", "beside it", "", "ratio", "goal", ""]]
    for row in rows:
        beside = f"{_short(row.beside)} {row.unit}".strip() if row.beside is not None else ""
        ratio = f"{row.ratio:.2f}" if row.beside is not None else ""
        measured = f"{_short(row.measured)} {row.unit}".strip()
        cells.append([row.what, measured, beside, row.beside_what, ratio, row.goal, row.verdict])
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    print(f"\n{title}")
    for line in cells:
        print(
            "  "
            + "  ".join(
                text.rjust(width) if 0 < column < 6 and column != 3 else text.ljust(width)
                for column, (text, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
        )
    print(flush=True)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def say(text: str) -> None:
    """Tell what goes on, away from the results."""
    print(text, file=sys.stderr, flush=True)
