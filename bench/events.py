"""How fast behaviour events come in, beside a bare COPY of the same rows into the same table.

    python bench/events.py [--rounds 5] [--seconds 5]

Needs PostgreSQL and Redis. In one run and turn by turn: a loop of psycopg that copies batches of 100 ready rows into
`tracking_event` and commits each (one connection, and as many processes as the product has workers), and the product's
`/batch` over HTTP with batches of 100 calls as a library sends them (granian, 2 workers × 4 threads, 16 keep-alive
clients). Then, on one connection, three ways to store such a batch: the product's one statement with arrays, the same
from one JSON document, and COPY of the events after their keys. Every call has an id of its own; the counts must agree.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import itertools
import json
import multiprocessing
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import harness
import psycopg

CLIENTS = 16
BATCH = 100
WORKERS = 2
USERS = 2000
PLAIN = """organization_id, source_id, received_at, "timestamp", type, name, message_id, person, is_bot, is_test,
 is_late, is_clamped, violations, body"""
DOCUMENT = (
    *("message_key", "fingerprint", "timestamp", "type", "name", "message_id", "person"),
    *("is_bot", "is_test", "is_late", "is_clamped", "violations", "body"),
)
KEYS = """INSERT INTO tracking_eventkey (organization_id, source_id, message_key, fingerprint, received_at)
SELECT %s::int8, %s::int8, k::uuid, f::uuid, %s::timestamptz FROM unnest(%s::text[], %s::text[]) AS t (k, f) ORDER BY k
ON CONFLICT DO NOTHING RETURNING message_key"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        var = stack.enter_context(harness.folder())
        url = stack.enter_context(harness.database("events"))
        env = harness.environment(
            var, database_url=url, redis_url=harness.clean_redis(), EVENT_REQUESTS_PER_KEY="1000000000", DEMO="0"
        )
        harness.manage(env, "prepare", "--verbosity", "0")
        harness.setup_django(env)
        source, key = make_source()
        address = stack.enter_context(harness.pages(env, var, workers=WORKERS))
        sent: list[int] = []
        cases = {
            "copy": lambda: copying(url, source, arguments.seconds, 1, sent),
            "copy2": lambda: copying(url, source, arguments.seconds, WORKERS, sent),
            "http": lambda: sending(address, key, arguments.seconds, sent),
        }
        seen = harness.interleaved(cases, rounds=arguments.rounds)
        stored = count(url)
        ways = storing_ways(url, source, arguments.rounds)
    report(seen, ways)
    print(f"  {sum(sent):,} rows sent, {stored:,} stored: {'agree' if sum(sent) == stored else 'DISAGREE'}")
    print(f"  answers that were no success: {seen['http'].errors}")
    return 0 if sum(sent) == stored and not seen["http"].errors else 1


def report(seen: dict[str, harness.Load], ways: dict[str, float]) -> None:
    copy, copy2, over_http = seen["copy"], seen["copy2"], seen["http"]
    rows = [
        harness.Row("/batch of 100 over HTTP", over_http.per_second, copy.per_second, "COPY loop", "rows/s", 0.5),
        harness.Row("the same", over_http.per_second, copy2.per_second, f"{WORKERS} COPY loops at once", "rows/s"),
        harness.Row(f"p95 at {CLIENTS} clients", over_http.p95_ms, unit="ms", at_most=150),
    ]
    harness.report("Behaviour events, PostgreSQL", rows)
    harness.report(
        "Storing a batch of 100 on one connection, with keys",
        [
            harness.Row(name, rate, ways["COPY alone, without keys"], "COPY alone", "rows/s")
            for name, rate in ways.items()
        ],
    )


def make_source() -> tuple[tuple[int, int], str]:
    """An organisation's source: (organisation, source) and the write key."""
    from django.utils import timezone

    from apps.accounts.models import Organization
    from apps.tracking.models import Source
    from apps.tracking.models.source import digest, new_write_key

    organization = Organization.objects.create(name="Bench", slug="bench")
    key = new_write_key()
    now = timezone.now()
    source = Source.objects.create(
        organization=organization, name="Shop", kind="server", key_sha256=digest(key), created_at=now
    )
    return (organization.pk, source.pk), key


def call(number: int) -> dict[str, Any]:
    """A purchase as a library sends it."""
    moment = datetime.now(tz=UTC).isoformat(timespec="milliseconds")
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": f"user-{number % USERS}",
        "messageId": str(uuid.uuid4()),
        "timestamp": moment,
        "integrations": {},
        "context": {"library": {"name": "analytics-python", "version": "2.3.2"}, "locale": "de-DE"},
        "properties": {
            "order_id": f"O-{number}",
            "total": round(number % 977 * 1.37, 2),
            "currency": "EUR",
            "coupon": "SUMMER" if number % 9 == 0 else None,
            "products": [{"sku": f"SKU-{number % 311}", "quantity": 1 + number % 3, "price": 19.99}],
        },
    }


def ready_rows(source: tuple[int, int], batches: int) -> list[list[tuple[Any, ...]]]:
    """What the COPY loop writes: the rows that the product would store."""
    from apps.tracking import reading

    now = datetime.now(tz=UTC)
    frame = reading.Frame(now)
    return [
        [
            (
                *source,
                now,
                r.timestamp,
                r.type,
                r.name,
                r.message_id,
                r.person,
                False,
                False,
                False,
                False,
                None,
                r.body,
            )
            for r in (reading.read(call(number * BATCH + place), frame) for place in range(BATCH))
        ]
        for number in range(batches)
    ]


def copy_loop(url: str, source: tuple[int, int], seconds: float, rows: Any) -> None:
    """(One process) copy, commit, again; the ids do not matter here, the table has no say in them."""
    batches = itertools.cycle(ready_rows(source, 20))
    done = 0
    with psycopg.connect(url) as connection:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            with connection.cursor() as cursor, cursor.copy(f"COPY tracking_event ({PLAIN}) FROM STDIN") as copy:
                for row in next(batches):
                    copy.write_row(row)
            connection.commit()
            done += BATCH
    rows.put(done)


def copying(url: str, source: tuple[int, int], seconds: float, processes: int, sent: list[int]) -> harness.Load:
    context = multiprocessing.get_context("fork")
    rows: Any = context.Queue()
    started = [context.Process(target=copy_loop, args=(url, source, seconds, rows)) for _number in range(processes)]
    for process in started:
        process.start()
    total = sum(rows.get() for _process in started)
    for process in started:
        process.join()
    sent.append(total)
    return harness.Load(total / seconds, 0.0, 0)


def client(address: str, key: str, bodies: list[bytes], ends: float, out: Any) -> None:
    """One keep-alive client: send until the time is over; puts latencies and failures."""
    host, port = address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    headers = {
        "Content-Type": "application/json",
        "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
    }
    seen, failed = [], 0
    for body in bodies:
        if time.monotonic() >= ends:
            break
        began = time.perf_counter()
        connection.request("POST", "/v1/batch", body, headers)
        response = connection.getresponse()
        text = response.read()
        seen.append(time.perf_counter() - began)
        failed += response.status != 200 or b'"accepted":100,' not in text
    out.append((seen, failed))
    connection.close()


def load(address: str, key: str, seconds: float, out: Any) -> None:
    """(One process, so that the load generator's interpreter is not the servers') sixteen clients."""
    # Made beforehand: to write the JSON is the senders' work, on their machines.
    each = int(seconds * 40) + 20
    bodies = [
        [
            json.dumps(
                {"batch": [call(place) for place in range(BATCH)], "sentAt": datetime.now(tz=UTC).isoformat()}
            ).encode()
            for _number in range(each)
        ]
        for _client in range(CLIENTS)
    ]
    found: list[tuple[list[float], int]] = []
    began = time.monotonic()
    threads = [threading.Thread(target=client, args=(address, key, own, began + seconds, found)) for own in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    out.put(([late for seen, _failed in found for late in seen], sum(failed for _seen, failed in found), took))


def sending(address: str, key: str, seconds: float, sent: list[int]) -> harness.Load:
    context = multiprocessing.get_context("fork")
    out: Any = context.Queue()
    process = context.Process(target=load, args=(address, key, seconds, out))
    process.start()
    seen, failed, took = out.get()
    process.join()
    sent.append(len(seen) * BATCH)
    p95 = statistics.quantiles(seen, n=20)[-1] * 1000
    return harness.Load(len(seen) * BATCH / took, p95, failed)


def count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM tracking_event").fetchone()
        return int(row[0]) if row else 0


def storing_ways(url: str, source: tuple[int, int], rounds: int) -> dict[str, float]:
    """Rows per second of each way, on one connection; medians."""
    import orjson

    from apps.tracking import reading, storing

    frame = reading.Frame(datetime.now(tz=UTC))
    now = frame.received_at

    def row_of(r: Any) -> tuple[Any, ...]:
        return (*source, now, r.timestamp, r.type, r.name, r.message_id, r.person, *[False] * 4, None, r.body)

    def product(connection: Any, batch: list[Any]) -> None:
        storing.store(*source, batch, [], now)

    def document(connection: Any, batch: list[Any]) -> None:
        rows = [{name: getattr(r, name) for name in DOCUMENT[:-1]} | {"body": orjson.Fragment(r.body)} for r in batch]
        params = [orjson.dumps(rows).decode(), *source, now, *source]
        connection.execute(from_document, params, prepare=True).fetchall()

    def copied(connection: Any, batch: list[Any]) -> None:
        with connection.transaction(), connection.cursor() as cursor:
            keys = [[r.message_key for r in batch], [r.fingerprint for r in batch]]
            cursor.execute(KEYS, [*source, now, *keys], prepare=True)
            fresh = {key.hex for (key,) in cursor.fetchall()}
            with cursor.copy(f"COPY tracking_event ({PLAIN}) FROM STDIN") as copy:
                for r in batch:
                    if r.message_key in fresh:
                        copy.write_row(row_of(r))

    def alone(connection: Any, batch: list[Any]) -> None:
        with connection.cursor() as cursor, cursor.copy(f"COPY tracking_event ({PLAIN}) FROM STDIN") as copy:
            for r in batch:
                copy.write_row(row_of(r))

    _arrays, rest = storing._statement(False, False).split("), fresh AS", 1)
    kinds = ["uuid", "uuid", "timestamptz", *["text"] * 4, *["bool"] * 4, "jsonb", "jsonb"]
    columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(DOCUMENT, kinds, strict=True))
    from_document = (
        f"WITH incoming AS MATERIALIZED (SELECT * FROM json_to_recordset(%s::json) AS t ({columns})), fresh AS{rest}"
    )
    ways: dict[str, Callable[[Any, list[Any]], None]] = {
        "COPY alone, without keys": alone,
        "one statement, arrays (the product)": product,
        "one statement, one JSON document": document,
        "keys, then COPY, in one transaction": copied,
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    with psycopg.connect(url, autocommit=True) as connection:
        for _round in range(rounds):
            for name, way in ways.items():
                batches = [[reading.read(call(place), frame) for place in range(BATCH)] for _number in range(60)]
                began = time.perf_counter()
                for batch in batches:
                    way(connection, batch)
                rates[name].append(60 * BATCH / (time.perf_counter() - began))
    return {name: statistics.median(found) for name, found in rates.items()}


if __name__ == "__main__":
    sys.exit(main())
