"""The loop as people and machines walk through it over real HTTP: set up, capture, mail, answer, look it up."""

from __future__ import annotations

import collections
import csv
import html
import json
import re
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import harness
from walker import Answer, Walker

sys.path.insert(0, str(harness.ROOT))

from tests.fakes.smtp import SmtpSink

LONGEST = 500
QUIET_SECONDS = 120
LINK = re.compile(r"https?://\S+?(/s/[\w.~-]+/)")
PASSWORD = secrets.token_urlsafe(16)


@dataclass
class Review:
    """One review and what became of it."""

    number: int
    text: str
    stars: int
    department: str
    customer_id: int = 0
    sent: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def email(self) -> str:
        """The address that belongs to this review alone."""
        return f"review-{self.number}@reviews.example"

    @property
    def is_long(self) -> bool:
        """Whether the survey must refuse it as it is; a line break counts as one character, as on the page."""
        return len(lines(self.text)) > LONGEST


def read(path: Path) -> list[Review]:
    """The reviews of the file."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Review(number, row["review_text"], int(row["rating"]), row["department"] or "Other")
        for number, row in enumerate(rows)
    ]


def set_up(address: str, sink: SmtpSink) -> str:
    """Walk through the wizard as the first administrator does, sign in, make an API key; returns its secret."""
    person = Walker(address)
    page = person.get("/")
    assert page.path.startswith("/setup/"), f"a first start leads to {page.path}"
    page = person.submit(page, page.form("name", "time_zone"), name="Reviewed Clothes", country="DE")
    page = person.submit(page, page.form("password"), name="Ada", email="ada@reviewed.example", password=PASSWORD)
    page = person.submit(page, page.form("names"), names="General\nGeneral Petite")
    page = person.submit(page, page.form("email"), name="Reviewed Clothes", email="hello@reviewed.example")
    page = person.submit(page, page.forms[0])
    wait_for(lambda: bool(sink.to("ada@reviewed.example")), "the wizard's test mail")
    person.submit(page, next(form for form in page.forms if "finish" in form.action))
    person = Walker(address)
    page = person.get("/accounts/login/")
    page = person.submit(page, page.form("login", "password"), login="ada@reviewed.example", password=PASSWORD)
    assert page.status == 200 and page.path == "/", f"signing in led to {page.path} ({page.status})"
    page = person.get("/settings/api-keys/")
    scopes = re.findall(r'name="scopes" value="([^"]+)"', page.text)
    page = person.submit(page, page.form("name"), name="Till", scopes=scopes)
    found = re.search(r'id="new-key">([^<]+)<', page.text)
    assert found, f"no API key was shown ({page.status})"
    return found[1]


def wait_for(ready: Callable[[], bool], what: str, seconds: float = QUIET_SECONDS) -> None:
    """Return when it is so; ends the run when it never is."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            sys.exit(f"Waited {seconds:g} s for {what}.")
        time.sleep(0.1)


class Loop:
    """Drives the reviews and counts what the product says."""

    def __init__(self, address: str, key: str, sink: SmtpSink, lake: Path, threads: int) -> None:
        self.address, self.sink, self.lake, self.threads = address, sink, lake, threads
        self.headers = {"Authorization": f"Bearer {key}"}
        self.local = threading.local()
        self.seconds: dict[str, float] = {}
        self.responses: dict[int, dict[str, Any]] = {}
        self.timeline: dict[int, list[dict[str, Any]]] = {}
        self.files: dict[int, list[dict[str, Any]]] = {}
        self.mails: collections.Counter[str] = collections.Counter()

    def run(self, reviews: list[Review]) -> None:
        """Everything, with the time of each part."""
        started = time.monotonic()
        by_email = {review.email: review for review in reviews}
        with ThreadPoolExecutor(self.threads) as pool:
            captures = [pool.submit(self.capture, review) for review in reviews]
            answers = [pool.submit(self.answer, by_email[to], link) for to, link in self.links(by_email)]
            for future in [*captures, *answers]:
                future.result()
            self.seconds["captured, mailed, answered"] = time.monotonic() - started
            wait_for(lambda: len(list(self.lake.rglob("feedback_*.json"))) >= len(reviews), "the data lake")
            self.seconds["and in the lake"] = time.monotonic() - started
            wait_for(lambda: self.all_told(reviews[-1]), "the last timeline")
            self.read_responses()
            for review, entries in zip(reviews, pool.map(self.timeline_of, reviews), strict=True):
                self.timeline[review.customer_id] = entries
        self.read_lake()
        self.mails = collections.Counter(to for mail in self.sink.mails for to in mail.recipients)

    def machine(self) -> Walker:
        """This thread's API client."""
        if not hasattr(self.local, "machine"):
            self.local.machine = Walker(self.address, self.headers)
        return self.local.machine

    def capture(self, review: Review) -> None:
        """The till records the visit."""
        answer = self.machine().post_json(
            "/api/v1/customers/",
            {
                "name": f"Reviewer {review.number}",
                "email": review.email,
                "email_consent": True,
                "purpose_of_visit": review.department,
                "branch_name": "General",
                "staff_name": "Ada",
            },
        )
        if answer.status != 201 or not answer.json["survey_triggered"]:
            review.problems.append(f"capture: {answer.status} {answer.text[:200]}")
            return
        review.customer_id = answer.json["id"]

    def links(self, by_email: dict[str, Review]) -> Iterator[tuple[str, str]]:
        """Address and link of every mail, as they come in; ends when each review has one, or none comes any more."""
        waiting, read = set(by_email), 0
        deadline = time.monotonic() + QUIET_SECONDS
        while waiting and time.monotonic() < deadline:
            mails = self.sink.mails[read:]
            read += len(mails)
            for mail in mails:
                deadline = time.monotonic() + QUIET_SECONDS
                found = LINK.search(mail.text)
                if mail.recipients[0] in waiting and found:
                    waiting.remove(mail.recipients[0])
                    yield mail.recipients[0], found[1]
            time.sleep(0.1)
        for email in waiting:
            by_email[email].problems.append("no mail with a link came")

    def answer(self, review: Review, link: str) -> None:
        """The customer opens the link and answers; a text that is too long is refused first."""
        customer = Walker(self.address)
        page = customer.get(link)
        if page.status != 200:
            review.problems.append(f"page: {page.status} {page.text[-500:]}")
            return
        review.sent = lines(review.text)[:LONGEST].rstrip()
        if review.is_long:
            page = customer.submit(page, page.form("comment"), stars=str(review.stars), comment=review.text)
            if not refused_rightly(page, review.text):
                review.problems.append(f"a text of {len(review.text)} characters: {page.status} {page.text[-500:]}")
                return
        page = customer.submit(page, page.form("comment"), stars=str(review.stars), comment=review.sent)
        if page.status != 200:
            review.problems.append(f"answer: {page.status} {page.text[-300:]}")

    def all_told(self, review: Review) -> bool:
        """Whether the timeline of the last review has its answer."""
        return any(entry["kind"] == "response" for entry in self.timeline_of(review))

    def timeline_of(self, review: Review) -> list[dict[str, Any]]:
        """The customer's timeline by API."""
        answer = self.machine().get(f"/api/v1/customers/{review.customer_id}/timeline/?domain=feedback")
        return list(answer.json["results"]) if answer.status == 200 else []

    def read_responses(self) -> None:
        """Every response by API, page by page."""
        path: str | None = "/api/v1/feedback/responses/?limit=200"
        while path:
            body = self.machine().get(path).json
            for row in body["results"]:
                self.responses[row["customer_id"]] = row
            path = (body["next"] or "").removeprefix(self.address) or None

    def read_lake(self) -> None:
        """Every file of the lake."""
        for path in self.lake.rglob("feedback_*.json"):
            document = json.loads(path.read_bytes())
            self.files.setdefault(document["customer_id"], []).append(document)


def refused_rightly(page: Answer, text: str) -> bool:
    """422, the right words, and everything that was typed still there."""
    shown = re.search(r"<textarea[^>]*>(.*?)</textarea>", page.text, re.DOTALL)
    kept = html.unescape(shown[1]).removeprefix("\n") if shown else ""
    errors = re.search(r'id="errors".*?</ul>', page.text, re.DOTALL)
    return page.status == 422 and errors is not None and str(LONGEST) in errors[0] and lines(kept) == lines(text)


def lines(text: str) -> str:
    """The text without regard to how its lines end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
