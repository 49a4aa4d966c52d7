"""How long processes need until they are ready, beside a bare `django.setup()`.

    python bench/startup.py [--rounds 9]

Compared, as whole processes that take turns (medians, by the wall clock):
a worker (until Celery says that it is ready for its first task),
a management command (`diffsettings`: no work and no checks of its own), and `manage.py check`,
each beside `python -c "import django; django.setup()"` with the product's settings.

Goal: each ≤ 1.3 × the bare set-up, and none of them has imported pandas, plotly, sklearn, openai or duckdb.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

import harness

SETUP = "import django; django.setup()"
HEAVY = ["pandas", "plotly", "sklearn", "openai", "duckdb", "polars"]
LOADED = f"; import sys; print('HEAVY', *[name for name in {HEAVY} if name in sys.modules])"
# The worker's own signal says when it would take the first task; then the process is worth measuring no longer.
WORKER = f"""
HEAVY = {HEAVY}
import os, sys
from celery.signals import worker_ready
from config.celery import app
def ready(**_):
    assert any(name.startswith("core.") for name in app.tasks), "the worker knows no task of ours"
    print("HEAVY", *[name for name in HEAVY if name in sys.modules])
    sys.stdout.flush()
    os._exit(0)
worker_ready.connect(ready)
app.worker_main(["worker", "--pool", "solo", "--without-gossip", "--without-mingle", "--loglevel", "error"])
"""
CASES = {
    "worker, until it would take a task": ["-c", WORKER],
    "a command (diffsettings)": ["manage.py", "diffsettings"],
    "manage.py check": ["manage.py", "check"],
}


def main() -> int:
    """Measure, print, and fail only when something heavy is imported."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    with harness.folder() as var:
        env = harness.environment(var)
        seconds = measure({"bare": ["-c", SETUP], "python alone": ["-c", "pass"], **CASES}, env, arguments.rounds)
        heavy = {"django.setup()": imported(["-c", SETUP + LOADED], env), "a worker": imported(["-c", WORKER], env)}
    rows = [
        harness.Row(name, seconds[name], seconds["bare"], "bare django.setup()", "s", at_most=1.3) for name in CASES
    ]
    rows.append(harness.Row("(Python alone)", seconds["python alone"], seconds["bare"], "bare django.setup()", "s"))
    harness.report(f"Start of a process, median of {arguments.rounds}", rows)
    for name, modules in heavy.items():
        print(f"  heavy libraries imported by {name}: {', '.join(modules) or 'none'}")
    return int(any(heavy.values()))


def measure(commands: dict[str, list[str]], env: dict[str, str], rounds: int) -> dict[str, float]:
    """Seconds of each command, in turns; the first turn warms the disk cache and the compiled files."""
    seen: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(
                [sys.executable, *command],
                cwd=harness.ROOT,
                env=env,
                check=True,
                timeout=60,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if number:
                seen[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seen.items()}


def imported(command: list[str], env: dict[str, str]) -> list[str]:
    """Which heavy libraries the process says that it has imported."""
    done = subprocess.run(
        [sys.executable, *command], cwd=harness.ROOT, env=env, check=True, capture_output=True, text=True, timeout=60
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("HEAVY"))
    return line.split()[1:]


if __name__ == "__main__":
    sys.exit(main())
