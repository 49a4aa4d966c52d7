"""Order lines from CSV into the tables, beside the databases' own loaders; a workbook beside its reader alone.

    python bench/imports.py [--rows 1000000] [--rounds 1] [--only first|append|sqlite|excel]

The product gets the raw file: order numbers and article numbers as text, amounts and moments to be checked, one row in
a hundred wrong. It recognises, checks, looks up orders and products, reports the wrong rows, keeps what an undo needs,
and adds the orders up. The peers get the same rows finished: ids looked up, whole units, wrong rows left out. Per
round, in turns, each in a process of its own:

* first load: `psql \\copy` into the bare table, then the same indexes and keys: ≥ 0.80 of its rows per second,
* append to as many rows again: `psql \\copy` into the same indexed table: ≥ 0.55,
* `bulk_create` of 50,000 finished rows into the empty indexed table: ≥ 12 ×,
* peak memory of the importing process: ≤ 600 MB at any number of rows,
* SQLite: `sqlite3 .import` without the indexes, then the indexes: ≥ 0.85,
* a workbook of 100,000 rows, recognised, read and checked: ≤ 1.5 × the time that calamine reads it in.

`\\copy` adds no orders up; so the same comparison is printed once more with the same sums on both sides.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import harness

TABLE = "commerce_orderline"
LINES_OF_AN_ORDER = 5
PRODUCTS = 2000
START = 1_704_067_200  # 2024-01-01
COLUMNS = (
    "organization_id", "order_id", "line_number", "product_id", "description", "quantity", "unit_price", "discount",
    "line_total", "occurred_at", "row_hash", "import_run_id",
)  # fmt: skip
ORDERS = """
INSERT INTO commerce_order (organization_id, source, external_id, number, placed_at, currency, created_at, updated_at,
    version, status, channel, customer_reference, subtotal, discount_total, shipping_total, tax_total, total,
    paid_total, refunded_total, item_count, line_count, is_test)
  SELECT {organization}, 'bench', 'o' || n, 'o' || n, '2024-01-01 00:00:00{zone}', 'EUR', '2024-01-01 00:00:00{zone}',
    '2024-01-01 00:00:00{zone}', 1, 'completed', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, {false}
  FROM {numbers}
"""
GOODS = """
INSERT INTO commerce_product (organization_id, source, external_id, sku, name, currency, is_active, created_at,
    updated_at, version)
  SELECT {organization}, 'bench', 's' || n, 's' || n, 'Product ' || n, 'EUR', {true}, '2024-01-01 00:00:00{zone}',
    '2024-01-01 00:00:00{zone}', 1
  FROM {numbers}
"""
SUMS = """
UPDATE commerce_order SET subtotal = s.money, item_count = s.items, line_count = s.lines, total = s.money
FROM (SELECT order_id, sum(line_total) AS money, sum(quantity) AS items, count(*) AS lines FROM commerce_orderline
    GROUP BY order_id) AS s WHERE commerce_order.id = s.order_id
"""


def seed(organization: int, orders: int, *, is_postgresql: bool) -> None:
    """Orders and products, made by the database itself."""
    from django.db import connection

    series = "generate_series(1, {}) AS n" if is_postgresql else (
        "(WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {}) SELECT n FROM g)"
    )  # fmt: skip
    words = {"zone": "+00" if is_postgresql else "", "organization": organization}
    words |= {"true": "true", "false": "false"} if is_postgresql else {"true": "1", "false": "0"}
    with connection.cursor() as cursor:
        cursor.execute(GOODS.format(numbers=series.format(PRODUCTS), **words))
        cursor.execute(ORDERS.format(numbers=series.format(orders), **words))
        cursor.execute("VACUUM ANALYZE" if is_postgresql else "ANALYZE")


def write_files(var: Path, organization: int, rows: int, first_order: int, name: str, *, with_id: bool) -> None:
    """`name`.csv as a shop writes it, one row in a hundred wrong; `name`.ready.csv as the table keeps it."""
    import polars as pl
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM commerce_order")
        order_id = cursor.fetchone()[0]
        cursor.execute("SELECT min(id) FROM commerce_product")
        product_id = cursor.fetchone()[0]
    at_once = 1_000_000
    head = b"order id,sku,description,quantity,price,date\n"
    with (var / f"{name}.csv").open("wb") as raw, (var / f"{name}.ready.csv").open("wb") as ready:
        raw.write(head)
        for start in range(0, rows, at_once):
            count = min(at_once, rows - start)
            n = pl.int_range(start, start + count, eager=True)
            order, line = n // LINES_OF_AN_ORDER + first_order, n % LINES_OF_AN_ORDER + 1
            product, quantity, cents = (n * 7919) % PRODUCTS + 1, n % 9 + 1, (n * 31) % 9000 + 99
            at = pl.from_epoch(START + n % 30_000_000, time_unit="s")
            price = (cents // 100).cast(pl.String) + "." + (cents % 100).cast(pl.String).str.zfill(2)
            is_bad = n % 100 == 50
            frame = pl.DataFrame(
                {
                    "order": "o" + order.cast(pl.String), "sku": "s" + product.cast(pl.String),
                    "description": "Product " + product.cast(pl.String),
                    "quantity": quantity.cast(pl.String).set(is_bad, "six"), "price": price,
                    "date": at.dt.strftime("%Y-%m-%d %H:%M:%S"),
                }
            )  # fmt: skip
            frame.write_csv(raw, include_header=False)
            finished = pl.DataFrame(
                {
                    "id": n + 1, "organization_id": pl.Series([organization]).new_from_index(0, count),
                    "order_id": order - 1 + order_id, "line_number": line, "product_id": product - 1 + product_id,
                    "description": frame["description"], "quantity": quantity * 1000, "unit_price": cents * 100,
                    "discount": n * 0, "line_total": quantity * cents * 100, "occurred_at": frame["date"],
                    "row_hash": (n * 6364136223846793005), "import_run_id": n * 0 + 1,
                }
            )  # fmt: skip
            finished = finished.filter(~is_bad)
            (finished if with_id else finished.drop("id")).write_csv(ready, include_header=False)


def indexes() -> tuple[list[str], list[str]]:
    """What drops and what builds the indexes and keys of the table again (PostgreSQL)."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass"
            " AND contype IN ('p', 'u', 'f') ORDER BY contype = 'f', contype = 'u'",
            [TABLE],
        )
        keys = cursor.fetchall()
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid ="
            " %s::regclass AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
            [TABLE],
        )
        others = cursor.fetchall()
    drop = [f"ALTER TABLE {TABLE} DROP CONSTRAINT {name}" for name, _ in keys]
    drop += [f"DROP INDEX {name}" for name, _ in others]
    build = [definition for _, definition in others]
    return drop, build + [f"ALTER TABLE {TABLE} ADD CONSTRAINT {name} {definition}" for name, definition in keys]


def psql(url: str, *commands: str) -> float:
    """Seconds for these commands, one transaction each."""
    words = [word for command in commands for word in ("-c", command)]
    start = time.perf_counter()
    subprocess.run([harness.program("psql"), url, "-q", "-v", "ON_ERROR_STOP=1", *words], check=True)
    return time.perf_counter() - start


def copy_of(file: Path) -> str:
    return f"\\copy {TABLE} ({', '.join(COLUMNS)}) FROM '{file}' (FORMAT csv)"


def child(env: dict[str, str], *words: str) -> dict[str, float]:
    """Run a part of this script as a process of its own; what it measured, and its peak memory in MB."""
    process = subprocess.Popen(
        [sys.executable, __file__, *words], cwd=harness.ROOT, env={**os.environ, **env}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(words)} ended with {process.returncode}.")
    return {**json.loads(printed.splitlines()[-1]), "megabytes": usage.ru_maxrss / 1024}


def bring(file: str) -> None:
    """In a process of its own: import a file, tell how long it took and what came of it."""
    import django

    django.setup()
    import polars  # noqa: F401 - what a running worker has loaded already
    from django.utils import timezone

    # What a running worker has loaded already.
    from apps.accounts.models import Organization
    from apps.commerce.importing import lines
    from apps.core.audit import System
    from apps.imports import actions, target

    sums = {"seconds": 0.0}
    plain = lines.finish_lines

    def timed(finished: Any) -> None:
        begin = time.perf_counter()
        plain(finished)
        sums["seconds"] = time.perf_counter() - begin

    target.register(dataclasses.replace(target.get("order_lines"), finish=timed))
    organization, by = Organization.objects.get(), System("bench")
    start = time.perf_counter()
    with open(file, "rb") as opened:
        run = actions.upload(
            iter(lambda: opened.read(4 * 1024 * 1024), b""), "lines.csv", organization=organization, by=by,
            now=timezone.now(), target_key="order_lines", source="bench",
        )  # fmt: skip
    uploaded = time.perf_counter()
    run = actions.start(run, by=by, now=timezone.now(), is_held=True)
    actions.work_on(run, now=timezone.now())
    end = time.perf_counter()
    assert run.error == "", run.error
    told = {"seconds": end - start, "upload": uploaded - start, "sums": sums["seconds"]}
    print(json.dumps({**told, **run.counters}))


def create(file: str, rows: str) -> None:
    """In a process of its own: `bulk_create` of finished rows."""
    import csv

    import django

    django.setup()
    from datetime import UTC, datetime

    from apps.commerce.models import OrderLine
    from apps.commerce.models.fixed_point import from_units

    start = time.perf_counter()
    made = []
    with open(file, newline="") as opened:
        for values, _count in zip(csv.reader(opened), range(int(rows)), strict=False):
            row = dict(zip(COLUMNS, values[-len(COLUMNS) :], strict=True))
            made.append(
                OrderLine(
                    organization_id=int(row["organization_id"]), order_id=int(row["order_id"]),
                    line_number=int(row["line_number"]), product_id=int(row["product_id"]),
                    description=row["description"], quantity=from_units(row["quantity"], 3),
                    unit_price=from_units(row["unit_price"], 4), discount=from_units(row["discount"], 4),
                    line_total=from_units(row["line_total"], 4),
                    occurred_at=datetime.fromisoformat(row["occurred_at"]).replace(tzinfo=UTC),
                    row_hash=int(row["row_hash"]), import_run_id=1,
                )
            )  # fmt: skip
    OrderLine.objects.bulk_create(made, batch_size=5000)
    print(json.dumps({"seconds": time.perf_counter() - start, "rows": len(made)}))


def organization_of() -> int:
    from apps.accounts.models import Organization

    return int(Organization.objects.create(name="Bench", slug="bench", time_zone="UTC", currency="EUR").pk)


@contextlib.contextmanager
def prepared(rows: int) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """A database with orders and products for two files, and the files."""
    with harness.folder() as var, harness.database("imports") as url:
        env = harness.environment(var, database_url=url)
        harness.manage(env, "migrate", "--verbosity", "0")
        harness.setup_django(env)
        from django.db import connection

        organization = organization_of()
        seed(organization, 2 * rows // LINES_OF_AN_ORDER, is_postgresql=True)
        write_files(var, organization, rows, 1, "first", with_id=False)
        write_files(var, organization, rows, rows // LINES_OF_AN_ORDER + 1, "second", with_id=False)
        harness.say(f"{rows:,} rows, {(var / 'first.csv').stat().st_size / 1e6:.0f} MB as the shop writes them")
        yield var, url, env
        connection.close()


EMPTY = f"SET client_min_messages = warning; TRUNCATE {TABLE}; TRUNCATE imports_importrun CASCADE"
FORGET_SUMS = "UPDATE commerce_order SET line_count = 0, subtotal = 0, total = 0, item_count = 0"


class Seen(dict[str, list[float]]):
    """Seconds by what took them."""

    def note(self, name: str, seconds: float) -> None:
        self.setdefault(name, []).append(seconds)
        harness.say(f"  {name}: {seconds:.2f}")

    def note_import(self, name: str, told: dict[str, float], rows: int) -> None:
        """An import and its parts; ends the run where the wrong rows were not found."""
        assert (told["created"], told["rejected"]) == (rows - rows // 100, rows // 100), told
        for part in ("seconds", "upload", "sums", "megabytes"):
            self.note(f"{name}, {part}", told[part])

    def middle(self) -> dict[str, float]:
        return {name: statistics.median(values) for name, values in self.items()}


def settle(url: str) -> None:
    """The same orders for whoever comes next."""
    psql(url, FORGET_SUMS)
    psql(url, "VACUUM ANALYZE commerce_order")
    psql(url, "CHECKPOINT")


def first_load(rows: int, rounds: int) -> list[harness.Row]:
    with prepared(rows) as (var, url, env):
        drop, build = indexes()
        seen = Seen()
        for _round in range(rounds):
            psql(url, EMPTY, *drop)
            seen.note("copy", psql(url, copy_of(var / "first.ready.csv"), *build))
            seen.note("sums", psql(url, SUMS))
            psql(url, EMPTY)
            settle(url)
            seen.note_import("first", child(env, "--bring", str(var / "first.csv")), rows)
            seen.note("again", child(env, "--bring", str(var / "first.csv"))["seconds"])
            psql(url, EMPTY)
            made = child(env, "--create", str(var / "first.ready.csv"), str(min(rows, 50_000)))
            seen.note("bulk_create", made["seconds"] * rows / made["rows"])
            psql(url, EMPTY)
            settle(url)
    at = seen.middle()
    ours, sums, beside = at["first, seconds"], at["first, sums"], "\\copy, then indexes and keys"
    return [
        harness.Row("stored, indexed, reported", rows / (ours - sums), rows / at["copy"], beside, "rows/s",
                    at_least=0.80),
        harness.Row("and the orders added up, on both sides", rows / ours, rows / (at["copy"] + at["sums"]),
                    f"{beside}, sums", "rows/s"),
        harness.Row("and the orders added up, on our side only", rows / ours, rows / at["copy"], beside, "rows/s"),
        harness.Row("all of it", rows / ours, rows / at["bulk_create"], "bulk_create", "rows/s", at_least=12),
        harness.Row("the same file again", rows / at["again"], rows / ours, "its first import", "rows/s"),
        harness.Row("peak memory", at["first, megabytes"], None, "", "MB", at_most=600),
    ]  # fmt: skip


def append(rows: int, rounds: int) -> list[harness.Row]:
    with prepared(rows) as (var, url, env):
        drop, build = indexes()
        seen = Seen()
        for _round in range(rounds):
            psql(url, EMPTY, *drop, copy_of(var / "first.ready.csv"), *build)
            seen.note("copy", psql(url, copy_of(var / "second.ready.csv")))
            psql(url, EMPTY, *drop, copy_of(var / "first.ready.csv"), *build)
            settle(url)
            seen.note_import("append", child(env, "--bring", str(var / "second.csv")), rows)
    at = seen.middle()
    ours, sums, beside = at["append, seconds"], at["append, sums"], "\\copy into the indexed table"
    return [
        harness.Row("stored and reported", rows / (ours - sums), rows / at["copy"], beside, "rows/s", at_least=0.55),
        harness.Row("and the orders added up, on our side only", rows / ours, rows / at["copy"], beside, "rows/s"),
        harness.Row("peak memory", at["append, megabytes"], None, "", "MB", at_most=600),
    ]  # fmt: skip


def on_sqlite(rows: int, rounds: int) -> list[harness.Row]:
    seen: dict[str, list[float]] = {"import": [], "first": [], "sums": [], "first sums": [], "megabytes": []}
    for _round in range(rounds):
        with harness.folder() as var:
            env = harness.environment(var)
            harness.manage(env, "migrate", "--verbosity", "0")
            # Two rounds in one process would share Django's connection, so everything runs in children.
            child(env, "--fill", str(var), str(rows))
            from_shop = child(env, "--bring", str(var / "first.csv"))
            assert from_shop["rejected"] == rows // 100, from_shop
            seen["first"].append(from_shop["seconds"])
            seen["first sums"].append(from_shop["sums"])
            seen["megabytes"].append(from_shop["megabytes"])
            file = next(var.glob("*.sqlite3"))
            sqlite(file, f"DELETE FROM {TABLE}", "UPDATE commerce_order SET line_count = 0, subtotal = 0", "VACUUM")
            listed = f"SELECT sql FROM sqlite_master WHERE tbl_name = '{TABLE}' AND type = 'index' AND sql NOT NULL"
            build = sqlite(file, listed)[1].splitlines()
            sqlite(file, *(f"DROP INDEX {sql.split()[2 + (sql.split()[1] == 'UNIQUE')]}" for sql in build))
            names = sqlite(file, f"SELECT group_concat(name) FROM pragma_table_info('{TABLE}')")[1].strip()
            assert set(names.split(",")) == {"id", *COLUMNS}, names
            # .import wants the table's own order of columns.
            reorder(var / "first.ready.csv", ("id", *COLUMNS), tuple(names.split(",")))
            seen["import"].append(
                sqlite(file, "PRAGMA synchronous=NORMAL", f".import --csv {var / 'first.ready.csv'} {TABLE}", *build)[0]
            )
            seen["sums"].append(sqlite(file, SUMS)[0])
    middle = {name: statistics.median(values) for name, values in seen.items()}
    first, peer = middle["first"], middle["import"]
    return [
        harness.Row("first load", rows / first, rows / peer, ".import, then the indexes", "rows/s", at_least=0.85),
        harness.Row("first load, without the sums of the orders", rows / (first - middle["first sums"]), rows / peer,
                    ".import, then the indexes", "rows/s"),
        harness.Row("first load, sums on both sides", rows / first, rows / (peer + middle["sums"]),
                    ".import, indexes, sums", "rows/s"),
        harness.Row("peak memory", middle["megabytes"], None, "", "MB", at_most=600),
    ]  # fmt: skip


def reorder(file: Path, have: tuple[str, ...], want: tuple[str, ...]) -> None:
    import polars as pl

    frame = pl.read_csv(file, has_header=False, new_columns=list(have), infer_schema=False)
    frame.select(want).write_csv(file, include_header=False)


def sqlite(file: Path, *commands: str) -> tuple[float, str]:
    """Seconds and what it printed."""
    start = time.perf_counter()
    text = "\n".join(command if command.startswith(".") else f"{command};" for command in commands)
    done = subprocess.run(
        [harness.program("sqlite3"), "-bail", str(file)], input=text, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - start, done.stdout


def fill(var: str, rows: str) -> None:
    """In a process of its own: orders, products and files for SQLite."""
    import django

    django.setup()
    organization = organization_of()
    seed(organization, int(rows) // LINES_OF_AN_ORDER, is_postgresql=False)
    write_files(Path(var), organization, int(rows), 1, "first", with_id=True)
    print(json.dumps({"rows": int(rows)}))


def write_workbook(file: Path, rows: int) -> None:
    """A workbook as other programs write it: texts in the rows, numbers as numbers, days as serial numbers."""
    parts = []
    for n in range(rows):
        cells = f'<c t="inlineStr"><is><t>o{n // 5}</t></is></c><c t="inlineStr"><is><t>s{n % 2000}</t></is></c>'
        cells += f'<c t="inlineStr"><is><t>Product {n % 2000}</t></is></c><c><v>{n % 9 + 1}</v></c>'
        parts.append(f"<row>{cells}<c><v>{n % 9000 / 100 + 1:.2f}</v></c><c><v>{45292 + n % 366}</v></c></row>")
    names = "".join(
        f'<c t="inlineStr"><is><t>{name}</t></is></c>'
        for name in ("order id", "sku", "description", "quantity", "price", "date")
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels"'
            f' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override'
            f' PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/><Override'
            f' PartName="/xl/worksheets/sheet1.xml" ContentType="{types}.worksheet+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type="{office}/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Lines" sheetId="1" r:id="rId1"/>'
            "</sheets></workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type="{office}/worksheet"'
            ' Target="worksheets/sheet1.xml"/></Relationships>',
        )
        sheet = f'<worksheet xmlns="{main}"><sheetData><row>{names}</row>{"".join(parts)}</sheetData></worksheet>'
        archive.writestr("xl/worksheets/sheet1.xml", sheet)


def workbook(file: str, rows: str) -> None:
    """In a process of its own: the reader alone and the product's way in turns."""
    import django

    django.setup()
    import fastexcel
    from django.db import connection, transaction
    from django.utils import timezone

    from apps.accounts.models import Organization
    from apps.core.audit import System
    from apps.imports import actions, queries, target
    from apps.imports.checking import Checker
    from apps.imports.reader import ReadSettings, open_blocks

    organization, by = Organization.objects.get(), System("bench")
    alone: list[float] = []
    ours: list[float] = []
    for _turn in range(5):
        start = time.perf_counter()
        fastexcel.read_excel(file).load_sheet(0, header_row=None, dtypes="string").to_polars()
        alone.append(time.perf_counter() - start)
        start = time.perf_counter()
        with open(file, "rb") as opened, transaction.atomic():
            run = actions.upload(
                iter(lambda: opened.read(4 * 1024 * 1024), b""), "lines.xlsx", organization=organization, by=by,
                now=timezone.now(), target_key="order_lines", source="bench",
            )  # fmt: skip
        queries.preview(run)
        settings = ReadSettings.from_json(run.settings)
        checker = Checker(target.get("order_lines").fields, run.mapping, settings)
        good = sum(checker.check(block.frame)[0].height for block in open_blocks(run.file, settings))
        ours.append(time.perf_counter() - start)
        assert good == int(rows), good
    connection.close()
    print(json.dumps({"alone": statistics.median(alone), "ours": statistics.median(ours)}))


def on_excel(rows: int = 100_000) -> list[harness.Row]:
    with harness.folder() as var:
        env = harness.environment(var)
        harness.manage(env, "migrate", "--verbosity", "0")
        child(env, "--fill", str(var), "1000")
        write_workbook(var / "lines.xlsx", rows)
        told = child(env, "--workbook", str(var / "lines.xlsx"), str(rows))
    what = f"workbook of {rows:,} rows: recognised, first rows shown, checked"
    return [harness.Row(what, told["ours"], told["alone"], "calamine alone", "s", at_most=1.5)]


PARTS: dict[str, Callable[..., None]] = {"--bring": bring, "--create": create, "--fill": fill, "--workbook": workbook}


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] in PARTS:
        sys.path.insert(0, str(harness.ROOT))
        PARTS[sys.argv[1]](*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", choices=["first", "append", "sqlite", "excel"], default="")
    options = parser.parse_args()
    if options.only in ("", "excel"):
        harness.report("Workbooks", on_excel())
    if options.only in ("", "sqlite"):
        harness.report(f"{options.rows:,} order lines into SQLite", on_sqlite(options.rows, options.rounds))
    where = f"{options.rows:,} order lines into PostgreSQL"
    if options.only in ("", "first"):
        harness.report(f"{where}, first load", first_load(options.rows, options.rounds))
    if options.only in ("", "append"):
        harness.report(f"{where}, to as many again", append(options.rows, options.rounds))


if __name__ == "__main__":
    main()
