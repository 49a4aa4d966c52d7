"""Real public files through the import engine: do the totals agree with the published ones? Is a second import idle?

    python bench/real_imports.py --data FOLDER [--sqlite] [--only NAME]

FOLDER holds the data sets as their publishers name them: `online_retail/`, `olist/`, `cdnow/`, `telco/`, `feedback/`.
Every file goes in as it came, recognised by the names of its columns, each set into an organisation of its own, twice.
Rows per second count the whole way: upload, recognition, check, storing, sums. A total that disagrees, or a second
import that creates, updates or rejects otherwise than the first, ends the run with status 1.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import harness

Totals = Mapping[str, Decimal | int]
PIECE = 4 * 1024 * 1024
CLEAN = """
SELECT count(*), count(DISTINCT o.customer_id), count(DISTINCT o.id), sum(l.line_total)
FROM commerce_orderline l JOIN commerce_order o ON o.id = l.order_id
WHERE l.organization_id = %s AND o.customer_id IS NOT NULL AND o.number NOT LIKE 'C%%' AND l.quantity > 0
    AND l.unit_price > 0
"""


@dataclass(frozen=True)
class DataSet:
    """`files`: (target, path below the folder); a target of "" is recognised. `published`: what is known of the files,
    `stored`: the same figures out of the tables. `own_fields`: of customers, key → kind."""

    name: str
    files: tuple[tuple[str, str], ...]
    published: Totals
    stored: Callable[[Any], Totals]
    own_fields: Mapping[str, str] = field(default_factory=dict)


def money(units: Any) -> Decimal:
    return (Decimal(int(units or 0)) / 10_000).quantize(Decimal("0.01"))


def retail(organization: Any) -> Totals:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(CLEAN, [organization.pk])
        lines, customers, invoices, total = cursor.fetchone()
    return {
        "cleaned lines": lines,
        "cleaned customers": customers,
        "cleaned invoices": invoices,
        "cleaned total": money(total),
        **sales(organization),
    }


def sales(organization: Any) -> Totals:
    from django.db.models import Sum

    from apps.commerce.models import Order, OrderLine
    from apps.customers.models import Customer

    lines = OrderLine.objects.owned_by(organization)
    return {
        "lines": lines.count(),
        "total": (lines.aggregate(sum=Sum("line_total"))["sum"] or Decimal(0)).quantize(Decimal("0.01")),
        "invoices": Order.objects.owned_by(organization).count(),
        "customers": Customer.objects.owned_by(organization).count(),
    }


def cdnow(organization: Any) -> Totals:
    from django.db.models import Sum

    from apps.commerce.models import Order
    from apps.customers.models import Customer

    orders = Order.objects.owned_by(organization)
    return {
        "rows": orders.count(),
        "customers": Customer.objects.owned_by(organization).count(),
        "dollars": orders.aggregate(sum=Sum("total"))["sum"].quantize(Decimal("0.01")),
    }


def payments(organization: Any) -> Totals:
    from django.db.models import Sum

    from apps.commerce.models import Payment

    rows = Payment.objects.owned_by(organization)
    return {
        "payments": rows.count(),
        "orders": rows.values("order_reference").distinct().count(),
        "paid": rows.aggregate(sum=Sum("amount"))["sum"].quantize(Decimal("0.01")),
    }


def olist(organization: Any) -> Totals:
    from apps.commerce.models import Order, OrderLine, Payment, Product
    from apps.customers.models import Customer
    from apps.feedback.models import Response

    return {
        "orders": Order.objects.owned_by(organization).count(),
        "customer numbers": Customer.objects.owned_by(organization).count(),
        "persons": Customer.objects.owned_by(organization).heads().count(),
        "items": OrderLine.objects.owned_by(organization).count(),
        "payments": Payment.objects.owned_by(organization).count(),
        "products": Product.objects.owned_by(organization).count(),
        "reviews": Response.objects.owned_by(organization).count(),
    }


def telco(organization: Any) -> Totals:
    from apps.customers.models import Customer

    known = list(Customer.objects.owned_by(organization).values_list("custom", flat=True))
    charges = sum((Decimal(str(each["monthly_charges"])) for each in known), Decimal(0))
    return {
        "customers": len(known),
        "churned": sum(bool(each["churn"]) for each in known),
        "monthly charges": charges.quantize(Decimal("0.01")),
        "without total charges": sum("total_charges" not in each for each in known),
    }


def reviews(organization: Any) -> Totals:
    from django.db.models import Count

    from apps.feedback.models import Response

    stars = dict(Response.objects.owned_by(organization).values_list("stars").annotate(Count("id")))
    return {"reviews": sum(stars.values())} | {f"with {number} stars": stars[number] for number in range(1, 6)}


SAMPLE = "olist/sample_8135_orders/olist_{}_dataset.csv"
DATA_SETS = (
    DataSet(
        "Online Retail",
        (("", "online_retail/online_retail_2010-12_2011-12.csv.gz"),),
        {"cleaned lines": 397_884, "cleaned customers": 4_338, "cleaned invoices": 18_532,
         "cleaned total": Decimal("8911407.90"), "lines": 541_909, "total": Decimal("9747747.93"), "invoices": 25_900,
         "customers": 4_372},
        retail,
    ),
    DataSet(
        "Online Retail II, first year",
        (("", "online_retail/online_retail_II_2009-12_2010-12.csv.gz"),),
        {"lines": 525_461, "total": Decimal("9539484.63"), "customers": 4_383},
        sales,
    ),
    DataSet(
        "Olist, sample",
        tuple(("", SAMPLE.format(name)) for name in
              ("customers", "products", "orders", "order_items", "order_payments", "order_reviews")),
        {"orders": 8_135, "customer numbers": 8_135, "persons": 8_016, "items": 8_365, "payments": 8_924,
         "products": 5_460, "reviews": 8_225},
        olist,
    ),
    DataSet(
        "Olist, all payments",
        (("", "olist/full_population/olist_order_payments_dataset.csv"),),
        {"payments": 103_886, "orders": 99_440, "paid": Decimal("16008872.12")},
        payments,
    ),
    DataSet(
        "CDNOW",
        (("", "cdnow/CDNOW_master.txt"),),
        {"rows": 69_659, "customers": 23_570, "dollars": Decimal("2500315.63")},
        cdnow,
    ),
    DataSet(
        "Telco",
        (("", "telco/WA_Fn-UseC_-Telco-Customer-Churn.csv"),),
        {"customers": 7_043, "churned": 1_869, "monthly charges": Decimal("456116.60"), "without total charges": 11},
        telco,
        {"monthly_charges": "number", "total_charges": "number", "tenure": "number", "churn": "boolean",
         "contract": "text"},
    ),
    DataSet(
        "Reviews",
        (("", "feedback/womens_clothing_reviews_sample.csv"),),
        {"reviews": 1_513, "with 1 stars": 46, "with 2 stars": 121, "with 3 stars": 206, "with 4 stars": 330,
         "with 5 stars": 810},
        reviews,
    ),
)  # fmt: skip


def bring(organization: Any, target: str, path: Path) -> Any:
    """Import one file to its end."""
    from django.utils import timezone

    from apps.core.audit import System
    from apps.imports import actions

    by = System("bench")
    run = actions.upload(
        pieces(path), path.name, organization=organization, by=by, now=timezone.now(), target_key=target
    )
    run = actions.start(run, by=by, now=timezone.now(), is_held=True)
    actions.work_on(run, now=timezone.now())
    run.refresh_from_db()
    if run.error:
        sys.exit(f"{path.name}: {run.error}")
    return run


def pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def why(run: Any) -> str:
    """The codes of the rejected rows and how often each."""
    if run.error_file is None:
        return ""
    codes: dict[str, int] = {}
    with run.error_file.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            codes[row["_code"]] = codes.get(row["_code"], 0) + 1
    return ", ".join(f"{count} {code}" for code, count in sorted(codes.items()))


def measure(each: DataSet, data: Path) -> bool:
    """Both imports and the totals; whether everything agrees."""
    from apps.accounts.models import Organization
    from apps.customers.models import CustomField

    slug = each.name.lower().replace(" ", "-").replace(",", "")
    organization = Organization.objects.create(name=each.name, slug=slug, time_zone="UTC", currency="GBP")
    for place, (key, kind) in enumerate(each.own_fields.items()):
        label = key.replace("_", " ").capitalize()
        CustomField.objects.create(organization=organization, key=key, label=label, kind=kind, position=place)
    print(f"\n{each.name}")
    is_right = True
    firsts = []
    for turn in (1, 2):
        for number, (target, name) in enumerate(each.files):
            start = time.perf_counter()
            run = bring(organization, target, data / name)
            seconds = time.perf_counter() - start
            told = ", ".join(f"{value:,} {key}" for key, value in run.counters.items() if value)
            pace = f"{run.rows / seconds:,.0f} rows/s"
            print(f"  {turn}. {Path(name).name} ({run.layout} → {run.target}): {told}; {pace}", flush=True)
            if turn == 1:
                firsts.append(run)
                if run.rejected:
                    print(f"     rejected: {why(run)}")
                continue
            first = firsts[number]
            same = (run.created, run.updated, run.rejected) == (0, 0, first.rejected) and run.rows == first.rows
            if not same:
                print(f"     NOT THE SAME: the second import changed something, {why(run)}")
            is_right &= same
        found = each.stored(organization)
        for what, published in each.published.items():
            agrees = found[what] == published
            is_right &= agrees
            if turn == 2 or not agrees:
                print(f"     {what:24} {found[what]:>16,}  published {published:>16,}  {'' if agrees else 'DIFFERS'}")
    return is_right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of PostgreSQL")
    parser.add_argument("--only", default="", help="data sets whose name begins so")
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit(f"There is no folder {options.data}.")
    kept = contextlib.nullcontext("") if options.sqlite else harness.database("real_imports")
    with harness.folder() as var, kept as url:
        env = harness.environment(var, database_url=url)
        harness.manage(env, "migrate", "--verbosity", "0")
        harness.setup_django(env)
        wanted = [each for each in DATA_SETS if each.name.lower().startswith(options.only.lower())]
        right = [measure(each, options.data) for each in wanted]
        from django.db import connection

        connection.close()
    print(f"\n{sum(right)} of {len(right)} data sets agree.", flush=True)
    if not all(right):
        sys.exit(1)


if __name__ == "__main__":
    main()
