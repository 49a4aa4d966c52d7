"""Who is who: 100,000 sightings at once, beside the bare copying of the same rows, and one page of a long timeline.

    python bench/identity.py [--sightings 100000] [--entries 10000] [--rounds 2]

PostgreSQL, one process, everything in turns of one run. Each turn is taken back, so that all see the same tables.

* Sightings: records of three sources, each seen by e-mail and number, all of them new. `observe_many` stores, joins,
  and tells log, timeline, audit log, search and events. Beside it: COPY of the same rows into the same table (with its
  index, its keys and its constraints), and that with a plain union-find in memory and one UPDATE of the heads.
* Where nobody shares anything: ≤ 3 × COPY. Where two in five records are merged: ≤ 6 × COPY with the union-find.
* The same sightings again change nothing: ≤ 3 × COPY.
* Timeline of one customer with 10,000 entries: a page of 25 at the start, in the middle and of one domain, ≤ 1 ms and
  ≤ 5 × the bare statement.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import harness

Sighting = tuple[int, str, str]
COLUMNS = "(organization_id, customer_id, kind, system, value, source, evidence, first_seen_at)"


def main() -> int:
    """Measure and print; fails when records are missing from their customer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sightings", type=int, default=100_000)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--redis-url", default=harness.REDIS)
    arguments = parser.parse_args()
    with harness.folder() as var, harness.database("identity") as url:
        harness.setup_django(harness.environment(var, database_url=url, redis_url=arguments.redis_url))
        import rows

        owner = rows.people().organization_id
        records = make_records(owner, arguments.sightings // 2)
        failures = [
            failure
            for share in (0.0, 0.4)
            for failure in sightings(owner, seen_by(records, share), share, arguments.rounds)
        ]
        timeline(owner, records[0], arguments.entries, arguments.rounds * 200)
    for failure in failures:
        print(f"  WRONG: {failure}")
    return int(bool(failures))


def make_records(owner: int, count: int) -> list[int]:
    """Records of customers, not yet known by anything."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_customer (organization_id, name, email, mobile, language, time_zone,"
            " preferred_channel, created_at, updated_at, version, kind, custom, is_restricted)"
            " SELECT %s, 'Person ' || n, '', '', '', '', '', now(), now(), 1, 'person', '{}', false"
            " FROM generate_series(1, %s) n RETURNING id",
            [owner, count],
        )
        return sorted(pk for (pk,) in cursor.fetchall())


def seen_by(records: list[int], share: float) -> list[Sighting]:
    """Two sightings of each record; so many of them carry the address of an earlier one."""
    dice = random.Random(7)
    sightings = []
    people = 0
    for place, pk in enumerate(records):
        is_known = people > 0 and dice.random() < share
        person = dice.randrange(people) if is_known else people
        people += not is_known
        sightings += [(pk, "email", f"person{person}@example.com"), (pk, "phone", f"+4930{1000000 + place}")]
    return sightings


def sightings(owner: int, seen: list[Sighting], share: float, rounds: int) -> list[str]:
    """The table of one kind of data; what was wrong, if anything."""
    from django.utils import timezone

    from apps.core.audit import System
    from apps.customers.actions import observe_many
    from apps.customers.identity import Seen

    now, found = timezone.now(), union_find(seen)
    names = [(pk, Seen(kind, value)) for pk, kind, value in seen]
    merged = sum(pk != head for pk, head in found.items())
    wrong: list[str] = []

    def ours(again: bool = False) -> float:
        with taken_back():
            if again:
                observe_many(owner, names, source="bench", by=System(), now=now)
                settle()
            start = time.perf_counter()
            done = observe_many(owner, names, source="bench", by=System(), now=now)
            settle()
            seconds = time.perf_counter() - start
            # Who has too many numbers is not joined but waits for a person: one pair for each customer that is left.
            if done.merged + done.held != (0 if again else merged):
                wrong.append(f"{done} where {merged} of {len(found)} records are merged, again={again}")
        return seconds

    def copied(with_heads: bool) -> float:
        with taken_back():
            start = time.perf_counter()
            copy(owner, seen, now)
            if with_heads:
                write_heads(union_find(seen))
            settle()
            return time.perf_counter() - start

    cases: dict[str, Callable[[], float]] = {"ours": ours, "copy": lambda: copied(False)}
    cases |= {"union-find": lambda: copied(True)} if merged else {"again": lambda: ours(again=True)}
    measured: dict[str, list[float]] = {name: [] for name in cases}
    for _round in range(rounds):
        for name, case in cases.items():
            measured[name].append(case() * 1000)
    best = {name: statistics.median(taken) for name, taken in measured.items()}
    if merged:
        peer = "COPY, union-find, UPDATE of the heads"
        compared = [harness.Row("observe_many", best["ours"], best["union-find"], peer, "ms", at_most=6)]
    else:
        compared = [
            harness.Row("observe_many", best["ours"], best["copy"], "COPY", "ms", at_most=3),
            harness.Row("the same again", best["again"], best["copy"], "COPY", "ms", at_most=3),
        ]
    harness.report(
        f"{len(seen):,} sightings of {len(found):,} records, {merged:,} of them merged, median of {rounds} rounds",
        [*compared, harness.Row("(sightings a second)", len(seen) / best["ours"] * 1000)],
    )
    return wrong


@contextmanager
def taken_back() -> Iterator[None]:
    """A transaction of which nothing stays."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def settle() -> None:
    """Let the database check now what it would check at the end of the transaction."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def copy(owner: int, seen: list[Sighting], now: Any) -> None:
    """The rows alone, as fast as the database takes them."""
    from django.db import connection

    with connection.cursor() as cursor, cursor.copy(f"COPY customers_identifier {COLUMNS} FROM STDIN") as out:
        for pk, kind, value in seen:
            out.write_row((owner, pk, kind, "", value, "bench", "{}", now))


def write_heads(found: dict[int, int]) -> None:
    """Who is merged into whom, in one statement."""
    from django.db import connection

    moved = [(pk, head) for pk, head in found.items() if pk != head]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_customer c SET merged_into_id = m.head"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS m (id, head) WHERE c.id = m.id",
            [[pk for pk, _head in moved], [head for _pk, head in moved]],
        )


def union_find(seen: list[Sighting]) -> dict[int, int]:
    """Of each record the oldest of those that share a name with it, without any rule."""
    parent: dict[int, int] = {}

    def root(pk: int) -> int:
        while parent.setdefault(pk, pk) != pk:
            parent[pk] = pk = parent[parent[pk]]
        return pk

    first: dict[tuple[str, str], int] = {}
    for pk, kind, value in seen:
        one, other = root(pk), root(first.setdefault((kind, value), pk))
        parent[max(one, other)] = min(one, other)
    return {pk: root(pk) for pk in parent}


def timeline(owner: int, customer_id: int, entries: int, turns: int) -> None:
    """The table of the timeline's pages."""
    from django.db import connection

    from apps.customers import queries
    from apps.customers.models import Customer

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_timelineentry (organization_id, customer_id, at, domain, kind, title, body, data,"
            " reference, source_event) SELECT %s, %s, now() - n * interval '7 minutes',"
            " (ARRAY['customers','feedback','commerce','tracking'])[1 + n %% 4], 'visit', 'Entry ' || n,"
            " 'What was said, number ' || n, '{\"by\": \"Ann\"}', '/visits/' || n || '/', 'bench:' || n"
            " FROM generate_series(1, %s) n",
            [owner, customer_id, entries],
        )
        cursor.execute("ANALYZE customers_timelineentry")
        cursor.execute(
            "SELECT at, id FROM customers_timelineentry ORDER BY at DESC, id DESC OFFSET %s LIMIT 1", [entries // 2]
        )
        at, pk = cursor.fetchone()
    customer = Customer.objects.get(pk=customer_id)
    middle = base64.urlsafe_b64encode(json.dumps(["n", at.isoformat(), pk]).encode()).decode().rstrip("=")

    def bare(condition: str, params: list[Any]) -> Callable[[], Any]:
        sql = (
            "SELECT id, organization_id, customer_id, at, domain, kind, title, body, data, reference, source_event"
            f" FROM customers_timelineentry WHERE customer_id = %s {condition} ORDER BY at DESC, id DESC LIMIT 26"
        )

        def run() -> Any:
            with connection.cursor() as cursor:
                cursor.execute(sql, [customer_id, *params])
                return cursor.fetchall()

        return run

    pages: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "first page": (lambda: queries.timeline_page(customer), bare("", [])),
        "middle page": (
            lambda: queries.timeline_page(customer, cursor=middle),
            bare("AND (at, id) < (%s, %s)", [at, pk]),
        ),
        "one domain": (
            lambda: queries.timeline_page(customer, domain="commerce"),
            bare("AND domain = %s", ["commerce"]),
        ),
    }
    lines = []
    for name, both in pages.items():
        taken: tuple[list[float], list[float]] = ([], [])
        for _turn in range(turns):
            for place, run in enumerate(both):
                start = time.perf_counter()
                run()
                taken[place].append((time.perf_counter() - start) * 1000)
        ours, alone = (statistics.median(each) for each in taken)
        lines.append(harness.Row(name, ours, alone, "the statement alone", "ms", at_most=5))
        lines.append(harness.Row(f"({name}, time itself)", ours, None, unit="ms", at_most=1))
    harness.report(f"Timeline of {entries:,} entries, pages of 25, median of {turns} turns", lines)


if __name__ == "__main__":
    sys.exit(main())
