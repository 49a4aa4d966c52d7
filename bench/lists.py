"""Lists over large tables, beside the database alone, DRF and a template's loop.

    python bench/lists.py [--customers 200000] [--responses 200000] [--rounds 5] [--seconds 1] [--redis-url …]

PostgreSQL with both tables filled, granian with 2 workers × 4 threads, 32 keep-alive connections, all on this machine,
and everything in turns of one run:

* JSON of 50 rows through the API with a key: ≥ 0.25 of what pgbench reaches with the very statement that the list sends
  (8 clients, prepared), and ≥ 6 × a DRF ModelSerializer of the same rows behind the same authentication and limits.
* HTML of 50 rows, signed in: ≥ 3 × the same page with its rows in a plain template loop.
* The last page costs ≤ 1.5 × the first, for both.
* No statement of these pages holds count(*): the run fails if one does.

Also told, without a goal: HTML pages none of whose rows was ever rendered before.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import harness
import psycopg


@dataclass(frozen=True)
class List:
    """One list: its pages, its peers, its table and order."""

    name: str
    api: str
    drf: str
    page: str
    loop: str
    table: str
    moment: str


LISTS = [
    List(
        "customers",
        "/api/v1/customers/",
        "/bench/drf/customers/",
        "/customers/",
        "/bench/template/customers/",
        "customers_customer",
        "created_at",
    ),
    List(
        "responses",
        "/api/v1/feedback/responses/",
        "/bench/drf/responses/",
        "/responses/",
        "/bench/template/responses/",
        "feedback_response",
        "submitted_at",
    ),
]


def main() -> int:
    """Measure and print; fails when a page answers with an error, shows other rows than its peer, or counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--responses", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--only", choices=[each.name for each in LISTS])
    parser.add_argument("--redis-url", default=harness.REDIS)
    arguments = parser.parse_args()
    with harness.folder() as var, harness.database("lists") as url:
        env = harness.environment(
            var,
            database_url=url,
            redis_url=arguments.redis_url,
            DJANGO_SETTINGS_MODULE="bench.settings",
            API_REQUESTS_PER_KEY="1000000000",
        )
        harness.setup_django(env)
        import rows

        signed = rows.people()
        rows.fill(signed, customers=arguments.customers, responses=arguments.responses)
        wanted = [each for each in LISTS if arguments.only in (None, each.name)]
        with harness.pages(env, var) as address:
            failures = [failure for each in wanted for failure in measure(each, address, url, signed, arguments)]
    for failure in failures:
        print(f"  WRONG: {failure}")
    return int(bool(failures))


def measure(what: List, address: str, url: str, signed: Any, arguments: argparse.Namespace) -> list[str]:
    """Print the table of one list; what was wrong, if anything."""
    from django.test import Client

    last = last_cursor(what)
    machine, person = (Client(headers=each, SERVER_NAME="127.0.0.1") for each in (signed.api_key, signed.cookie))
    with statements() as sent:
        answers = [machine.get(what.api), machine.get(f"{what.api}?cursor={last}")]
        answers += [person.get(what.page), person.get(f"{what.page}?cursor={last}")]
    failures = wrong(what, answers, machine.get(what.drf), person.get(what.loop))
    failures += [f"{what.name}: a statement counts: {sql[:80]}" for sql in sent if "count(" in sql.lower()]
    statement = next((sql for sql in sent if "row_to_json" in sql), None)
    if statement is None:
        return [*failures, f"{what.name}: no statement makes the JSON in the database"]

    def ask(path: str, headers: dict[str, str], **more: Any) -> Callable[[], harness.Load]:
        return lambda: harness.wrk(address + path, seconds=arguments.seconds, headers=headers, **more)

    unseen = Unseen(what)
    seen = harness.interleaved(
        {
            "pgbench": lambda: harness.pgbench(url, statement, seconds=arguments.seconds),
            "json": ask(what.api, signed.api_key),
            "json, last": ask(f"{what.api}?cursor={last}", signed.api_key),
            "drf": ask(what.drf, signed.api_key),
            "html": ask(what.page, signed.cookie),
            "html, last": ask(f"{what.page}?cursor={last}", signed.cookie),
            "loop": ask(what.loop, signed.cookie),
            "html, unseen": lambda: ask(what.page, signed.cookie, lua=unseen.lua())(),
        },
        rounds=arguments.rounds,
    )
    rate = {name: load.per_second for name, load in seen.items()}

    def row(text: str, case: str, peer: str, words: str, **goal: float) -> harness.Row:
        return harness.Row(text, rate[case], rate[peer], words, "/s", **goal)

    def cost(text: str, case: str) -> harness.Row:
        first, end = 1000 / rate[case], 1000 / rate[f"{case}, last"]
        return harness.Row(text, end, first, "first page", "ms", at_most=1.5)

    harness.report(
        f"List of 50 {what.name} out of {arguments.customers if what.name == 'customers' else arguments.responses:,}, "
        f"median of {arguments.rounds} rounds",
        [
            row("JSON", "json", "pgbench", "pgbench, same statement", at_least=0.25),
            row("JSON", "json", "drf", "DRF ModelSerializer", at_least=6),
            cost("JSON, last page", "json"),
            row("HTML", "html", "loop", "template loop", at_least=3),
            cost("HTML, last page", "html"),
            row("(HTML, rows never seen before)", "html, unseen", "loop", "template loop"),
            harness.Row("(p95 of JSON)", seen["json"].p95_ms, None, unit="ms"),
            harness.Row("(p95 of HTML)", seen["html"].p95_ms, None, unit="ms"),
        ],
    )
    errors = {name: load.errors for name, load in seen.items() if load.errors}
    return failures + ([f"{what.name}: requests failed: {errors}"] if errors else [])


def wrong(what: List, answers: list[Any], drf: Any, loop: Any) -> list[str]:
    """How the pages differ from what they must be."""
    failures = [
        f"{what.name}: {answer.request['PATH_INFO']} answered {answer.status_code}"
        for answer in [*answers, drf, loop]
        if answer.status_code != 200
    ]
    if failures:
        return failures
    ours, theirs = answers[0].json()["results"], drf.json()["results"]
    if [row["id"] for row in ours] != [row["id"] for row in theirs] or ours[0].keys() != theirs[0].keys():
        failures.append(f"{what.name}: the API and its peer print different rows or fields")
    if answers[1].json()["next"] is not None or len(answers[1].json()["results"]) != 50:
        failures.append(f"{what.name}: the last page is not the last page of 50")
    for answer in (answers[2], answers[3], loop):
        if answer.content.decode().count("<tr") != 51:
            failures.append(f"{what.name}: a page shows {answer.content.decode().count('<tr')} rows, head included")
    return failures


def last_cursor(what: List) -> str:
    """The address of the page that holds the oldest 50 rows."""
    return cursors(what, "ASC", 51, 1)[0]


def cursors(what: List, direction: str, start: int, step: int, limit: int = 1) -> list[str]:
    """Cursors after the rows at `start`, `start + step`, … in the order of the list, counted from one end."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT at, id FROM (SELECT {what.moment} AS at, id, row_number() OVER (ORDER BY {what.moment}"
            f" {direction}, id {direction}) AS n FROM {what.table}) t"
            " WHERE n >= %s AND (n - %s) %% %s = 0 ORDER BY n LIMIT %s",
            [start, start, step, limit],
        )
        found = cursor.fetchall()
    return [
        base64.urlsafe_b64encode(json.dumps(["n", at.isoformat(), pk]).encode()).decode().rstrip("=")
        for at, pk in found
    ]


class Unseen:
    """Gives each call pages of its own, so that no process has rendered any of their rows."""

    def __init__(self, what: List) -> None:
        self.pages = cursors(what, "DESC", 50, 50, 1_000_000)
        self.at = 0

    def lua(self) -> str:
        """A wrk script that walks over the next pages; two threads take every other one."""
        part = self.pages[self.at : self.at + 500] or self.pages[:500]
        self.at = (self.at + 500) % max(1, len(self.pages))
        listed = ",".join(f'"{cursor}"' for cursor in part)
        return (
            f"local pages = {{{listed}}}\nlocal threads = 0\n"
            'function setup(thread) thread:set("at", threads - 1); threads = threads + 1 end\n'
            "function request() at = at + 2; return wrk.format('GET', wrk.path .. '?cursor=' .. "
            "pages[at % #pages + 1]) end\n"
        )


@contextlib.contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that this process sends meanwhile, with its parameters filled in."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(cursor: Any, query: Any, params: Any = None, **more: Any) -> Any:
        text = psycopg.ClientCursor(cursor.connection).mogrify(query, params)
        sent.append(text if isinstance(text, str) else text.decode())
        return execute(cursor, query, params, **more)

    psycopg.Cursor.execute = noted  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main())
