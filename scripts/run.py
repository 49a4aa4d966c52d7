"""Everything in one foreground command: prepare, then web server, worker and beat until Ctrl-C.

Environment: PORT (8000), HOST (127.0.0.1), DEMO (1; 0 starts with the set-up wizard), and all of docs/configuration.md.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("PORT", "8000"))
ADDRESS = f"http://{'127.0.0.1' if HOST == '0.0.0.0' else HOST}:{PORT}"
WEB_READY_SECONDS = 60
STOP_SECONDS = 15
MOST_RESTARTS = 5


def main() -> int:
    """Run until somebody stops it; the exit status says whether anything failed."""
    os.chdir(ROOT)
    os.environ.setdefault("BASE_URL", ADDRESS)
    os.environ["PYTHONUNBUFFERED"] = "1"
    # For eyes, not for machines: only what went wrong, one line each.
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ.setdefault("LOG_FORMAT", "console")
    if port_taken():
        print(f"Port {PORT} is taken. Stop what uses it, or start with another one: PORT=8010 make run")
        return 1
    subprocess.run([sys.executable, "scripts/build_static.py"], check=True)
    prepare = [sys.executable, "manage.py", "prepare"]
    if os.environ.get("DEMO", "1") != "0":
        prepare.append("--demo")
    if subprocess.run(prepare, check=False).returncode:
        # It has said why.
        return 1
    web = f"-m uvicorn config.asgi:application --host {HOST} --port {PORT} --no-access-log --log-level warning"
    web += " --lifespan off --timeout-graceful-shutdown 3"
    worker = "-m celery -A config -q worker --beat --pool prefork --concurrency 2 --queues default,mail,slow"
    worker += " --loglevel warning --without-gossip --without-mingle"
    return supervise(
        {"web": [sys.executable, *web.split()], "worker": [sys.executable, *worker.split()]},
    )


def port_taken() -> bool:
    """Whether another program listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1" if HOST == "0.0.0.0" else HOST, PORT)) == 0


def supervise(commands: dict[str, list[str]]) -> int:
    """Start all, start again what dies, a few times; when a signal comes, stop all."""
    asked_to_stop: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: asked_to_stop.append(received))
    running = {name: start(command) for name, command in commands.items()}
    restarts = dict.fromkeys(commands, MOST_RESTARTS)
    try:
        if wait_until_ready(running, asked_to_stop):
            greet()
        while not asked_to_stop:
            time.sleep(0.2)
            for name, process in running.items():
                if process.poll() is None:
                    continue
                if not restarts[name]:
                    print(f"{name} ended again, with status {process.returncode}; stopping the rest.")
                    return 1
                # What it held is a row with a state and a lease, so another one goes on where it ended.
                print(f"{name} ended by itself with status {process.returncode}; starting it again.", flush=True)
                restarts[name] -= 1
                end_leftovers(process)
                running[name] = start(commands[name])
        return 0
    finally:
        stop(running)


def end_leftovers(process: subprocess.Popen[bytes]) -> None:
    """A killed worker leaves its own processes behind, without anybody who gives them work."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own: Ctrl-C reaches only us, and we stop all in order."""
    return subprocess.Popen(command, start_new_session=True)


def wait_until_ready(running: dict[str, subprocess.Popen[bytes]], asked_to_stop: list[int]) -> bool:
    """Whether the web server answered in time."""
    deadline = time.monotonic() + WEB_READY_SECONDS
    while time.monotonic() < deadline and not asked_to_stop:
        if any(process.poll() is not None for process in running.values()):
            return False
        try:
            with urllib.request.urlopen(f"{ADDRESS}/health/live", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def greet() -> None:
    """Say where to go and how to sign in."""
    lines = ["", f"  Customer Compass is running at {ADDRESS}", ""]
    signins = ROOT / os.environ.get("VAR_DIR", "var") / "demo-sign-ins.txt"
    if signins.exists():
        lines += [f"    {line}" for line in signins.read_text().splitlines()] + [""]
    lines += ["  Ctrl-C stops it.", ""]
    print("\n".join(lines), flush=True)


def stop(running: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask all to finish what they hold; after a while insist."""
    for process in running.values():
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running.values():
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
