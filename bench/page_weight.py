"""How heavy pages are on a cold cache, and how soon their largest part is painted, in headless Chromium.

    python bench/page_weight.py [--runs 2] [--all]

Starts the product as a user does, with the demo organisation, the production static files (hashed names, brotli) and
one local server; signs in as the demo's administrator; follows every link of the staff pages, one page for each address
pattern; and opens each in a fresh browser context that has nothing but the session cookie. Bytes are what came over the
wire, headers included, of the page and everything that it loads. The survey page is opened by a live link of the demo.

Goals: survey page ≤ 60 kB in total; each staff page ≤ 350 kB; largest contentful paint < 1.0 s (median of the runs).
Django's own admin is not walked: it is not a page of ours.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import harness
from playwright.sync_api import Browser, Page, sync_playwright

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
QUIET += ["--disable-component-update", "--disable-sync"]
LEFT_OUT = re.compile(r"^/(admin|static|outbox/\d+/(html|raw)|api/schema|_allauth)|/(export|download|logout)/")
MOST_PAGES = 80
PAINTED = """() => new Promise(done => {
  new PerformanceObserver(list => done(Math.max(...list.getEntries().map(entry => entry.startTime))))
    .observe({type: 'largest-contentful-paint', buffered: true});
  setTimeout(() => done(-1), 3000);
})"""
LINK = """
from django.utils import timezone
from apps.feedback.models import SurveyRequest
from apps.feedback.actions.asking import survey_url
request = SurveyRequest.objects.live(timezone.now()).select_related("link").first()
print("LINK", survey_url(request) if request else "")
"""


@dataclass(frozen=True)
class Weight:
    """One opening of a page."""

    kilobytes: float
    painted_ms: float


def main() -> int:
    """Measure and print; fails when a page answers with an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--all", action="store_true", help="print every page, not only the ten heaviest and slowest")
    arguments = parser.parse_args()
    with harness.folder() as var:
        env = harness.environment(var, DEMO="1")
        with harness.product(env, var) as address, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=harness.program("chromium"), args=QUIET)
            survey = urlsplit(survey_link({**env, "BASE_URL": address})).path
            seen = {"/s/… (survey)": [opened(chromium, address, survey, []) for _ in range(arguments.runs)]}
            cookies = signed_in(chromium, address, var)
            for path in walk(chromium, address, cookies):
                seen[path] = [opened(chromium, address, path, cookies) for _ in range(arguments.runs)]
            chromium.close()
    table, failures = [], [path for path, runs in seen.items() if any(run.kilobytes < 0 for run in runs)]
    survey_runs = seen.pop("/s/… (survey)")
    table += rows("survey page", survey_runs, 60)
    medians = {path: Weight(*(statistics.median(x) for x in columns(runs))) for path, runs in seen.items()}
    heaviest = max(medians, key=lambda path: medians[path].kilobytes)
    slowest = max(medians, key=lambda path: medians[path].painted_ms)
    table += rows(f"heaviest of {len(seen)} staff pages, {heaviest}", seen[heaviest], 350)[:1]
    table += rows(f"slowest of {len(seen)} staff pages, {slowest}", seen[slowest], 350)[1:]
    if arguments.all:
        table += [row for path in sorted(seen) for row in rows(path, seen[path], 350)]
    harness.report(f"Pages on a cold cache, median of {arguments.runs} runs", table)
    for path in failures:
        print(f"  WRONG: {path} did not open")
    return int(bool(failures))


def columns(runs: list[Weight]) -> tuple[list[float], list[float]]:
    """Kilobytes and milliseconds apart."""
    return [run.kilobytes for run in runs], [run.painted_ms for run in runs]


def rows(name: str, runs: list[Weight], most: float) -> list[harness.Row]:
    """The two lines of one page."""
    kilobytes, painted = (statistics.median(values) for values in columns(runs))
    return [
        harness.Row(f"{name}: on the wire", kilobytes, unit="kB", at_most=most),
        harness.Row(f"{name}: largest paint", painted, unit="ms", at_most=1000),
    ]


def survey_link(env: dict[str, str]) -> str:
    """The address of a survey that can still be answered."""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", LINK],
        cwd=harness.ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"LINK (\S+)", done.stdout)
    if found is None:
        sys.exit("The demo has no survey that can still be answered.")
    return found[1]


def signed_in(chromium: Browser, address: str, var: Path) -> list[dict[str, object]]:
    """The cookies of the demo's administrator, after the sign-in page."""
    line = next(x for x in (var / "demo-sign-ins.txt").read_text().splitlines() if "administrator" in x.lower())
    email, password = line.split()[-2:]
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{address}/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{address}/")
    cookies = [dict(cookie) for cookie in context.cookies()]
    context.close()
    return cookies


def walk(chromium: Browser, address: str, cookies: list[dict[str, object]]) -> list[str]:
    """Every page that links lead to from Home, one for each pattern (numbers are alike)."""
    context = chromium.new_context()
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    found, waiting, patterns = [], ["/"], {"/"}
    while waiting and len(found) < MOST_PAGES:
        path = waiting.pop(0)
        response = page.goto(address + path, wait_until="domcontentloaded")
        if response is None or "text/html" not in response.headers.get("content-type", ""):
            continue
        if urlsplit(page.url).path == path:
            found.append(path)
        for link in links(page, address):
            pattern = re.sub(r"\d+", "1", link)
            if pattern not in patterns and not LEFT_OUT.search(link):
                patterns.add(pattern)
                waiting.append(link)
    context.close()
    return found


def links(page: Page, address: str) -> list[str]:
    """Paths of this server that the page links to."""
    found = page.eval_on_selector_all("a[href]:not([download])", "all => all.map(each => each.getAttribute('href'))")
    full = [urlsplit(urljoin(page.url, href)) for href in found]
    return [parts.path for parts in full if f"{parts.scheme}://{parts.netloc}" == address]


def opened(chromium: Browser, address: str, path: str, cookies: list[dict[str, object]]) -> Weight:
    """Open one page with an empty cache; kilobytes below 0 when it did not answer as it should."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    if cookies:
        context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    received: list[float] = []
    wire.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    response = page.goto(address + path, wait_until="networkidle")
    painted = float(page.evaluate(PAINTED))
    context.close()
    if response is None or response.status != 200 or painted < 0:
        return Weight(-1, painted)
    return Weight(sum(received) / 1000, painted)


if __name__ == "__main__":
    sys.exit(main())
