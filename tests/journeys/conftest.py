"""The running product (web server, worker, beat, as `make run` starts them) and a real browser."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ARTEFACTS = ROOT / "tests" / "artefacts"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]


class Product:
    """One installation of its own, started like a new user would start it."""

    def __init__(self, folder: Path, *, demo: bool) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://localhost:{port}"
        self.folder = folder
        dropped = ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "DJANGO_SETTINGS_MODULE")
        environment = {name: value for name, value in os.environ.items() if name not in dropped}
        environment |= {"PORT": str(port), "VAR_DIR": str(folder), "DEMO": "1" if demo else "0"}
        environment |= {"BASE_URL": self.address}
        self.log = (folder / "product.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "scripts/run.py"], cwd=ROOT, env=environment, stdout=self.log, stderr=self.log
        )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.folder / "product.log").read_text()[-3000:]
            try:
                with urllib.request.urlopen(f"{self.address}/health/ready", timeout=3):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise AssertionError((self.folder / "product.log").read_text()[-3000:])

    def sign_in_of(self, role: str) -> tuple[str, str]:
        """E-mail address and password of the demo's person with this role."""
        lines = (self.folder / "demo-sign-ins.txt").read_text().splitlines()
        email, password = next(line.split()[-2:] for line in lines if role in line.lower())
        return email, password

    def stop(self) -> None:
        """As Ctrl-C does."""
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


@pytest.fixture(scope="session")
def empty_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A first start: no organisation yet."""
    product = Product(tmp_path_factory.mktemp("empty"), demo=False)
    yield product
    product.stop()


@pytest.fixture(scope="session")
def demo_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """With the demo organisation."""
    product = Product(tmp_path_factory.mktemp("demo"), demo=True)
    yield product
    product.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium."""
    program = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    assert program, "the journeys need Chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def open_browser(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A fresh person in front of a screen; any error on the console fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def person(*, width: int = 1280, height: int = 900, dark: bool = False, **options: Any) -> Page:
        scheme = "dark" if dark else "light"
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and "status of 4" not in message.text
                else None
            ),
        )
        return page

    yield person
    for context in contexts:
        context.close()
    assert not complaints, complaints


def sign_in(page: Page, product: Product, role: str) -> None:
    """Through the sign-in page."""
    email, password = product.sign_in_of(role)
    page.goto(f"{product.address}/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{product.address}/")


def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.1 A and AA, as readable lines."""
    # Evaluated by the debugger, not added as a script tag: the page's own policy stays as it is.
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
    return [
        f"{page.url}: {rule['id']}: {node['html'][:160]} ({' '.join(node['failureSummary'].split())[:200]})"
        for rule in found
        for node in rule["nodes"]
    ]


def picture(page: Page, name: str) -> None:
    """Keep a screenshot for people to look at."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=str(ARTEFACTS / f"{re.sub('[^a-z0-9-]', '-', name)}.png"), full_page=True)
