"""Finding customers among many, beside a bare round trip to the database.

    python bench/search.py [--customers 500000] [--rounds 5] [--calls 200] [--database URL]

`--database` names a database that is filled the first time and kept, so that measuring again need not fill again.

PostgreSQL with the customers and their search terms filled by set-based statements, in one process, every case in turns
with `select 1` over the same connection:

* beginnings as somebody types them: p95 ≤ 2 × the p95 of a bare round trip, statement against statement,
* the middle of a word, and a slip of the pen: p95 ≤ 6 ms for the whole search,
* the search of the page over HTTP (granian, 2 workers × 4 threads, one client): p95 < 40 ms,
* an advanced search with three filters, its first page of 50: p95 < 100 ms,
* a page of a timeline of 10,000 entries, its first and its last one: p95 < 1 ms for the statement.

The bounds in milliseconds are told as ratios to the bare round trip too, which is what compares between machines.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import statistics
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import harness

NAMES = """
INSERT INTO customers_customer (organization_id, kind, name, email, mobile, language, time_zone, preferred_channel,
    last_visited_at, custom, is_restricted, created_at, updated_at, version)
  SELECT %(organization)s, 'person', first || ' ' || last, lower(first) || '.' || lower(last) || n || '@example'
      || n %% 50 || '.com', '+49151' || (10000000 + n), (ARRAY['en','de','fr','tr'])[1 + n %% 4], '', 'email',
    now() - (n %% 900) * interval '1 day', '{}', false, now() - n * interval '101 seconds', now(), 1
  FROM (SELECT n, initcap((ARRAY['an','be','chlo','do','em','fat','gra','han','il','jo','ka','lu','mar','ni','ol'])
        [1 + (hashint4(n) & 1023) %% 15] || (ARRAY['na','ja','ri','ka','lo','mi','ne','sa','ta','vi','ro'])
        [1 + (hashint4(n + 1) & 1023) %% 11] || (ARRAY['','l','n','s','ra','tte'])[1 + (hashint4(n + 2) & 255) %% 6])
        AS first,
      initcap((ARRAY['ah','beck','dub','ev','fisch','garc','hopp','jans','kov','lov','mull','nov','ols','pet','ross'])
        [1 + (hashint4(n + 3) & 1023) %% 15] || (ARRAY['er','el','in','an','ov','ic','as','ul','or','ez'])
        [1 + (hashint4(n + 4) & 1023) %% 10] || (ARRAY['mann','sen','son','berg','lund','ski','wic','ton','ford','ley',
        'stad','hoff'])[1 + (hashint4(n + 5) & 1023) %% 12]) AS last
    FROM generate_series(1, %(customers)s) n) people
"""
TERMS = """
INSERT INTO customers_searchterm (organization_id, customer_id, term)
  SELECT organization_id, id, term FROM customers_customer, LATERAL (VALUES (lower(name)),
    (lower(split_part(name, ' ', 1))), (lower(split_part(name, ' ', 2))), (email), (substr(mobile, 2)),
    ('0' || substr(mobile, 4)), (substr(mobile, 4))) AS t(term)
"""
TAGS = """
INSERT INTO customers_tag (organization_id, name, name_key) VALUES (%(organization)s, 'VIP', 'vip');
INSERT INTO customers_customertag (organization_id, customer_id, tag_id)
  SELECT c.organization_id, c.id, t.id FROM customers_customer c, customers_tag t WHERE c.id %% 19 = 0;
INSERT INTO customers_consententry (organization_id, customer_id, purpose, channel, action, method, reason,
    recorded_at, by_label)
  SELECT organization_id, id, 'survey', 'email', CASE WHEN id %% 10 = 0 THEN 'withdrawn' ELSE 'given' END, 'counter',
    '', created_at, 'Ann' FROM customers_customer;
INSERT INTO customers_timelineentry (organization_id, customer_id, at, domain, kind, title, body, data, reference,
    source_event)
  SELECT organization_id, id, now() - n * interval '7 minutes', CASE WHEN n %% 4 = 0 THEN 'feedback' ELSE 'customers'
    END, 'visit', 'Visited us ' || n, '', '{}', '', 'bench:' || n
  FROM generate_series(1, 10000) n, (SELECT organization_id, id FROM customers_customer ORDER BY id LIMIT 1) c
"""

# Three filters each: common ones, a rare one among them, and words.
RULES: list[list[tuple[str, str, Any]]] = [
    [("language", "is", "de"), ("last_visit", "within", {"last_days": 30}), ("tags", "has", "VIP")],
    [("consent:survey:email", "is", True), ("language", "is", "en"), ("created", "after", "2020-01-01")],
    [("name", "contains", "mull"), ("language", "is", "de"), ("email", "contains", "example7")],
    [("tags", "has", "VIP"), ("consent:survey:email", "is", False), ("last_visit", "before", {"days_ago": 400})],
]


def main() -> int:
    """Measure and print; fails when a search finds nothing that it must find."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--redis-url", default=harness.REDIS)
    parser.add_argument("--database", default="", help="URL of an empty database, or of one that this filled before")
    arguments = parser.parse_args()
    kept = contextlib.nullcontext(arguments.database) if arguments.database else harness.database("search")
    with harness.folder() as var, kept as url:
        env = harness.environment(
            var,
            database_url=url,
            redis_url=arguments.redis_url,
            API_REQUESTS_PER_KEY="1000000000",
            DJANGO_SETTINGS_MODULE="bench.settings",
        )
        harness.setup_django(env)
        import rows

        signed = rows.people()
        if not is_filled(arguments.customers):
            harness.say("filling")
            fill(signed.organization_id, arguments.customers)
        harness.say("measuring")
        words = Words(signed.organization_id)
        failures = typing_ahead(words, arguments) + advanced(signed, arguments)
        timeline(arguments)
        with harness.pages(env, var) as address:
            over_http(words, address, signed.cookie, arguments)
    for failure in failures:
        print(f"  WRONG: {failure}")
    return int(bool(failures))


def is_filled(customers: int) -> bool:
    """Whether an earlier run left the customers; ends the run when it left another number of them."""
    from apps.customers.models import Customer

    found = Customer.objects.count()
    if found not in (0, customers):
        sys.exit(f"The database holds {found:,} customers, not {customers:,}.")
    return bool(found)


def fill(organization_id: int, customers: int) -> None:
    """Customers, their terms, tags, consent, and one long timeline."""
    from django.db import connection

    values = {"organization": organization_id, "customers": customers}
    with connection.cursor() as cursor:
        # Load, then index: what an installation that grew over years has in the end is the same.
        cursor.execute("DROP INDEX IF EXISTS search_term_infix")
        for statement in [NAMES, TERMS, *TAGS.split(";\n")]:
            cursor.execute(statement, values)
        cursor.execute("CREATE INDEX search_term_infix ON customers_searchterm USING gin (term gin_trgm_ops)")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


class Words:
    """What people type, taken from terms that exist."""

    def __init__(self, organization_id: int) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT name, email, mobile FROM customers_customer ORDER BY hashint8(id) LIMIT 4000")
            self.people = cursor.fetchall()
        self.organization_id, self.dice = organization_id, random.Random(7)

    def beginnings(self) -> Iterator[str]:
        """Two to twelve letters of a name, an address or a number."""
        for name, email, mobile in itertools.cycle(self.people):
            text = self.dice.choice([name, name, email, mobile[1:], "0" + mobile[3:]])
            yield text[: self.dice.randint(2, 12)]

    def middles(self) -> Iterator[str]:
        """Three to seven letters from within a word."""
        for name, email, mobile in itertools.cycle(self.people):
            text = self.dice.choice([name.split()[1], email, mobile[4:]]).lower()
            start = self.dice.randint(1, max(1, len(text) - 4))
            yield text[start : start + self.dice.randint(3, 7)]

    def slips(self) -> Iterator[str]:
        """A whole name with one letter wrong."""
        for name, _email, _mobile in itertools.cycle(self.people):
            text = name.split()[1].lower()
            at = self.dice.randint(1, len(text) - 2)
            yield text[:at] + self.dice.choice("qxy") + text[at + 1 :]


def typing_ahead(words: Words, arguments: argparse.Namespace) -> list[str]:
    """Print the table of the type-ahead."""
    from apps.core.fastsql import execute
    from apps.customers import search
    from apps.customers.models.key_field import LAST

    def beginning(text: str) -> Any:
        term = text.lower()
        return execute(search.beginning(10), [words.organization_id, term, term + LAST])

    missed: dict[str, int] = {}

    def whole(kind: str) -> Callable[[str], Any]:
        def run(text: str) -> Any:
            found = search.find(words.organization_id, text)
            missed[kind] = missed.get(kind, 0) + (not found)
            return found

        return run

    cases: dict[str, tuple[Callable[[str], Any], Iterator[str]]] = {
        "bare": (lambda _text: execute("SELECT 1"), itertools.repeat("")),
        "beginning": (beginning, words.beginnings()),
        "search, beginning": (whole("beginning"), words.beginnings()),
        "search, middle": (whole("middle"), words.middles()),
        "search, slip": (whole("slip"), words.slips()),
    }
    p95 = interleaved(cases, arguments)
    harness.report(
        f"Type-ahead over {arguments.customers:,} customers, p95, median of {arguments.rounds} rounds",
        [
            harness.Row("beginning", p95["beginning"], p95["bare"], "bare round trip", "ms", at_most=2),
            harness.Row("(bare round trip)", p95["bare"], None, "", "ms"),
            harness.Row("(whole search, beginning)", p95["search, beginning"], p95["bare"], "bare round trip", "ms"),
            harness.Row("whole search, middle", p95["search, middle"], 6, "limit", "ms", at_most=1),
            harness.Row("whole search, slip", p95["search, slip"], 6, "limit", "ms", at_most=1),
        ],
    )
    return [f"{kind}: {count} searches found nobody" for kind, count in missed.items() if count and kind != "middle"]


def advanced(signed: Any, arguments: argparse.Namespace) -> list[str]:
    """Print the table of the advanced search."""
    from django.utils import timezone

    from apps.accounts.models import Membership
    from apps.core.fastsql import execute
    from apps.customers import advanced_search, rules

    member = Membership.objects.select_related("organization").get(pk=signed.member_id)
    failures = []

    def page(document: Any) -> Any:
        rule = rules.parse(document, member.organization)
        return advanced_search.rule_rows(rule, now=timezone.now())[1].rows

    documents = [
        {"all": [{"field": field, "operator": operator, "value": value} for field, operator, value in rule]}
        for rule in RULES
    ]
    cases: dict[str, tuple[Callable[[Any], Any], Iterator[Any]]] = {
        "bare": (lambda _text: execute("SELECT 1"), itertools.repeat(""))
    }
    for number, document in enumerate(documents):
        cases[f"rule {number + 1}"] = (page, itertools.repeat(document))
        if not page(document):
            failures.append(f"rule {number + 1} finds nobody")
    p95 = interleaved(cases, arguments, calls=max(10, arguments.calls // 10))
    harness.report(
        f"Advanced search, three filters over {arguments.customers:,} customers, first page of 50, p95",
        [
            harness.Row(
                " · ".join(field for field, *_rest in rule), p95[f"rule {n + 1}"], 100, "limit", "ms", at_most=1
            )
            for n, rule in enumerate(RULES)
        ],
    )
    return failures


def timeline(arguments: argparse.Namespace) -> None:
    """Print the table of the timeline."""
    from django.db import connection

    from apps.core.fastsql import execute
    from apps.customers import queries
    from apps.customers.models import Customer, TimelineEntry

    customer = Customer.objects.order_by("id")[0]
    entries = TimelineEntry.objects.filter(customer=customer)
    oldest = list(entries.order_by("at", "id")[:27])[-1]
    last = queries.TIMELINE._encode("n", oldest)

    def statement(cursor: str, domain: str = "") -> tuple[str, Any]:
        window = queries.TIMELINE.window(entries.of_domain(domain), cursor)[0][:26]
        return window.query.sql_with_params()

    def run(asked: tuple[str, Any]) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(*asked)
            return cursor.fetchall()

    cases: dict[str, tuple[Callable[[Any], Any], Iterator[Any]]] = {
        "bare": (lambda _text: execute("SELECT 1"), itertools.repeat("")),
        "first": (run, itertools.repeat(statement(""))),
        "last": (run, itertools.repeat(statement(last))),
        "domain": (run, itertools.repeat(statement("", "feedback"))),
    }
    p95 = interleaved(cases, arguments)
    harness.report(
        "A page of a timeline of 10,000 entries, p95",
        [harness.Row(f"{name} page", p95[name], 1, "limit", "ms", at_most=1) for name in ("first", "last", "domain")],
    )


def over_http(words: Words, address: str, cookie: dict[str, str], arguments: argparse.Namespace) -> None:
    """Print the table of the search as a browser asks for it."""
    headers = {**cookie, "HX-Request": "true", "HX-Target": "search_options"}

    def ask(path: str) -> Callable[[str], Any]:
        def run(text: str) -> Any:
            request = urllib.request.Request(f"{address}{path}{urllib.parse.quote(text)}", headers=headers)
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.read()

        return run

    cases: dict[str, tuple[Callable[[str], Any], Iterator[str]]] = {
        "live": (ask("/health/live?"), itertools.repeat("")),
        "beginning": (ask("/search/?q="), words.beginnings()),
        "middle": (ask("/search/?q="), words.middles()),
        "slip": (ask("/search/?q="), words.slips()),
    }
    p95 = interleaved(cases, arguments)
    harness.report(
        "The same over HTTP, p95",
        [
            *(harness.Row(name, p95[name], 40, "limit", "ms", at_most=1) for name in ("beginning", "middle", "slip")),
            harness.Row("(beginning)", p95["beginning"], p95["live"], "empty page", "ms"),
        ],
    )


def interleaved(
    cases: dict[str, tuple[Callable[[Any], Any], Iterator[Any]]], arguments: argparse.Namespace, calls: int = 0
) -> dict[str, float]:
    """The p95 of each case in ms, the median of rounds in which single calls of all cases take turns."""
    rounds: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(arguments.rounds + 1):
        taken: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(calls or arguments.calls):
            for name, (run, texts) in cases.items():
                text = next(texts)
                started = time.perf_counter()
                run(text)
                taken[name].append((time.perf_counter() - started) * 1000)
        if number:  # the first round warms
            for name, values in taken.items():
                rounds[name].append(sorted(values)[int(len(values) * 0.95)])
    return {name: statistics.median(values) for name, values in rounds.items()}


if __name__ == "__main__":
    sys.exit(main())
