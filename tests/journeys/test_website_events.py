"""The line for websites in a real page of another website, and the debugger that shows what it sends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Product, picture, sign_in, violations

PAGES = [
    "/events/",
    "/events/violations/",
    "/events/quarantine/",
    "/events/sources/",
    "/events/sources/1/",
    "/events/sources/1/live/",
    "/events/plan/",
    "/events/plan/new/",
    "/events/plan/1/",
]


class Website(BaseHTTPRequestHandler):
    """A shop's page: the one line, and nothing else of ours."""

    def __init__(self, line: list[str], *args: object) -> None:
        self.line = line
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        body = f"<!doctype html><title>Sunglasses</title><link rel=icon href=data:,>{self.line[0]}".encode()
        self.send_response(200)
        # No inline script may run: what the line needs is allowed by its address alone.
        server = self.line[0].split('src="')[1].split("/t.js")[0]
        self.send_header(
            "Content-Security-Policy", f"default-src 'self' data:; script-src {server}; connect-src {server}"
        )
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@pytest.fixture
def website() -> Iterator[tuple[str, list[str]]]:
    """Its address, and the place for its line."""
    line = [""]
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Website, line))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", line
    server.shutdown()
    server.server_close()


def test_a_page_of_another_website_sends_and_is_watched(
    demo_product: Product, open_browser: Callable[..., Page], website: tuple[str, list[str]]
) -> None:
    site, line = website
    staff = open_browser()
    sign_in(staff, demo_product, "administrator")
    staff.goto(f"{demo_product.address}/events/sources/")
    staff.locator("[name=name]").fill("Shop window")
    staff.locator("[name=allowed_origins]").fill(site)
    staff.get_by_role("button", name="Create source").click()
    line[0] = str(staff.locator("#snippet").text_content())
    staff.get_by_role("link", name="Live Shop window").click()
    expect(staff.get_by_text("Nothing came in yet")).to_be_visible()

    # A browser without a screen calls itself headless, and robots become no customers.
    visitor = open_browser(user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    visitor.goto(site)
    expect(staff.get_by_role("rowheader", name="Page view")).to_be_visible(timeout=20_000)
    visitor.evaluate("compass.push(['track', 'Frame Tried On', {}])")
    expect(staff.get_by_text("'frame' is a required property")).to_be_visible(timeout=20_000)
    visitor.evaluate("compass.identify('shop-77', {name: 'Grace Müller', email: 'grace.mueller@example.com'})")
    # Sent when the page is left.
    visitor.evaluate("for (let i = 0; i < 60; i++) compass.track('Last word ' + i)")
    visitor.goto("about:blank")
    # In two beacons, of which either may be the first to arrive.
    expect(staff.get_by_role("rowheader", name="Last word").first).to_be_visible(timeout=20_000)
    assert visitor.context.cookies() == []
    picture(staff, "events-live")

    staff.goto(f"{demo_product.address}/customers/?q=Grace+M")
    link = staff.get_by_role("link", name="Grace Müller")
    for _ in range(40):
        if link.count():
            break
        staff.wait_for_timeout(1000)
        staff.reload()
    link.first.click()
    # The page view came from a device that had no name then.
    expect(staff.get_by_text("All 63 events")).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_pages_of_events(demo_product: Product, open_browser: Callable[..., Page], width: int, dark: bool) -> None:
    page = open_browser(width=width, dark=dark)
    sign_in(page, demo_product, "administrator")
    found: list[str] = []
    for path in PAGES:
        page.goto(demo_product.address + path)
        picture(page, f"{width}-{'dark' if dark else 'light'}{path}")
        found += violations(page)
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{path} scrolls sideways by {sideways} px"] if sideways > 0 else []
    assert found == []
