"""Clone the checkout, `make run` it as a new user would, probe it over HTTP, stop it, and start it a second time.

Uncommitted changes are not in a clone: what is probed is what would be shipped.
"""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST_START_SECONDS = 600
SECOND_START_SECONDS = 60
STOP_SECONDS = 30
NOT_INHERITED = ["DATABASE_URL", "REDIS_URL", "BROKER_URL", "DJANGO_SETTINGS_MODULE", "VAR_DIR"]
NOT_INHERITED += ["VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL"]
PAGES = ["/", "/customers/", "/visits/new/", "/responses/", "/outbox/", "/settings/team/", "/api/docs/", "/admin/"]


def main() -> None:
    """Raises AssertionError or CalledProcessError when the promise of the README does not hold."""
    with tempfile.TemporaryDirectory(prefix="compass-clone-") as folder:
        clone = Path(folder) / "compass"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        for attempt, limit in (("first", FIRST_START_SECONDS), ("second", SECOND_START_SECONDS)):
            started = time.monotonic()
            process, address = start(clone)
            try:
                ready_after = wait_for(process, f"{address}/health/ready", limit)
                print(f"{attempt} start: ready after {ready_after:.1f} s")
                probe(address, clone)
            finally:
                stop(process)
            print(f"{attempt} start: probed and stopped after {time.monotonic() - started:.1f} s")
        leftovers = subprocess.run(["pgrep", "-f", str(clone)], capture_output=True, text=True, check=False).stdout
        assert not leftovers, f"processes left behind: {leftovers.split()}"


def start(clone: Path) -> tuple[subprocess.Popen[bytes], str]:
    """`make run` on a free port, without anything of this shell's settings."""
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        port = probe_socket.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    environment["PORT"] = str(port)
    process = subprocess.Popen(["make", "run"], cwd=clone, env=environment, start_new_session=True)
    return process, f"http://127.0.0.1:{port}"


def wait_for(process: subprocess.Popen[bytes], url: str, limit: float) -> float:
    """Seconds until the address answers 200."""
    started = time.monotonic()
    while time.monotonic() - started < limit:
        assert process.poll() is None, f"make run ended with {process.returncode}"
        try:
            with urllib.request.urlopen(url, timeout=3):
                return time.monotonic() - started
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer within {limit} s")


def probe(address: str, clone: Path) -> None:
    """Sign in as the demo's administrator and open the main pages."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(f"{address}/accounts/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token, "the sign-in page has no form"
    lines = (clone / "var" / "demo-sign-ins.txt").read_text().splitlines()
    email, password = next(line.split()[-2:] for line in lines if "admin" in line.lower())
    fields = {"login": email, "password": password, "csrfmiddlewaretoken": token[1]}
    answer = browser.open(f"{address}/accounts/login/", urllib.parse.urlencode(fields).encode())
    assert answer.geturl().rstrip("/") == address, f"sign-in ended at {answer.geturl()}"
    for path in PAGES:
        body = browser.open(f"{address}{path}").read().decode()
        assert "<h1" in body or "swagger" in body, f"{path} has no heading"
    stylesheets = re.findall(r'href="(/static/[^"]+\.css)"', browser.open(f"{address}/").read().decode())
    assert stylesheets, "the home page has no stylesheet"
    for stylesheet in stylesheets:
        assert browser.open(f"{address}{stylesheet}").status == 200


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C, as a person would; it must be enough."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise AssertionError("Ctrl-C did not stop it") from None


if __name__ == "__main__":
    sys.exit(main())
