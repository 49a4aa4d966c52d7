"""The sample: the same bytes for the same seed, files that agree with their truth, an organisation that agrees too."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum

from apps.accounts.models import Organization, User
from apps.commerce.metrics_catalogue import ITEMS, ORDERS, PAID, REVENUE, totals
from apps.commerce.models import Order, Refund
from apps.console import demo, sample
from apps.console.sample import Sample
from apps.console.sample.shapes import Kind
from apps.customers.models import Customer
from apps.feedback import demo as feedback_demo
from apps.tracking.models import Event


@pytest.fixture(autouse=True)
def fewer_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback_demo, "RESPONSES", 5)


UNTIL = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def drawn(seed: int = 3, customers: int = 300) -> Sample:
    return sample.make(customers=customers, seed=seed, until=UNTIL)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample")
    sample.write_files(drawn(), path)
    return path


@pytest.fixture(scope="module")
def truth(folder: Path) -> Any:
    return json.loads((folder / "truth.json").read_text())


def test_same_seed_same_bytes(folder: Path, tmp_path: Path) -> None:
    sample.write_files(drawn(), tmp_path / "again")
    sample.write_files(drawn(seed=4), tmp_path / "other")
    assert digests(tmp_path / "again") == digests(folder)
    other = digests(tmp_path / "other")
    assert all(other[name] != digest for name, digest in digests(folder).items() if name != "products.csv")


def test_more_people_do_not_change_those_before() -> None:
    assert drawn(customers=320).people[:300] == drawn(customers=300).people


def test_files_agree_with_the_truth(folder: Path, truth: dict[str, Any]) -> None:
    orders, lines, payments = rows(folder, "orders"), rows(folder, "order_lines"), rows(folder, "payments")
    sales = {row["order_id"] for row in orders if row["status"] != "cancelled"}
    assert len(orders) == truth["orders"]
    assert len(lines) == truth["order_lines"]
    revenue = sum(Decimal(row["total"]) for row in lines if row["order_id"] in sales)
    assert revenue * 100 == truth["revenue_cents"] == sum(truth["revenue_cents_by_month"].values())
    assert sum(Decimal(row["amount"]) for row in payments) * 100 == truth["paid_cents"] == truth["revenue_cents"]
    assert sum(Decimal(row["amount"]) for row in rows(folder, "refunds")) * 100 == truth["refunded_cents"]
    people = rows(folder, "truth_people")
    nobody = sum(Decimal(row["total"]) for row in orders if row["order_id"] in sales and not row["customer_id"])
    assert sum(int(row["revenue_cents"]) for row in people) + nobody * 100 == truth["revenue_cents"]


def test_sources_join(folder: Path) -> None:
    records = {row["record_id"] for row in rows(folder, "customers")}
    order_ids = {row["order_id"] for row in rows(folder, "orders")}
    articles = {row["product_id"] for row in rows(folder, "products")}
    assert {row["customer_id"] for row in rows(folder, "orders")} <= records | {""}
    assert {row["product_id"] for row in rows(folder, "order_lines")} <= articles
    for name in ("order_lines", "payments", "refunds"):
        assert {row["order_id"] for row in rows(folder, name)} <= order_ids
    for name in ("service_contacts", "campaign_responses"):
        assert {row["customer_id"] for row in rows(folder, name)} <= records
    assert {row["order_id"] for row in rows(folder, "campaign_responses")} <= order_ids | {""}
    calls = [json.loads(text) for text in (folder / "events.jsonl").read_text().splitlines()]
    assert {call["userId"] for call in calls} <= records


def test_every_oddity_is_there(truth: dict[str, Any]) -> None:
    for name in (
        "people_with_duplicates", "churned", "people_without_orders", "orders_without_customer", "orders_cancelled",
        "refunds", "responses", "tickets", "mails_clicked", "events_sent_twice", "events_late",
    ):  # fmt: skip
        assert truth[name] > 0, name
    assert set(truth["kinds"]) == set(Kind)


def test_behaviour_follows_the_truth() -> None:
    drawn_sample = drawn(customers=1500)
    orders = Counter(order.person_id for order in drawn_sample.orders)
    per_kind: dict[Kind, list[int]] = {kind: [] for kind in Kind}
    for person in drawn_sample.people:
        per_kind[person.kind].append(orders[person.person_id])
    means = {kind: sum(counts) / len(counts) for kind, counts in per_kind.items()}
    assert means[Kind.LOYAL] > means[Kind.REGULAR] > means[Kind.ONE_TIME] == 1
    assert means[Kind.BROWSER] == 0
    gone = {person.person_id: person.churned_on for person in drawn_sample.people if person.churned_on}
    late = [o for o in drawn_sample.orders if o.person_id in gone and o.placed_at.date() > gone[o.person_id]]
    assert not late
    months = Counter(order.placed_at.month for order in drawn_sample.orders)
    assert months[12] > 1.3 * months[2]
    holidays = [order for order in drawn_sample.orders if (order.placed_at.month, order.placed_at.day) == (12, 25)]
    assert len(holidays) < months[12] / 60
    assert max(order.placed_at for order in drawn_sample.orders).date() < UNTIL


@pytest.mark.django_db
def test_organisation_agrees_with_the_truth(tmp_path: Path, settings: Any) -> None:
    settings.VAR_DIR = tmp_path
    organization = demo.fill(customers=70, seed=5, now=NOW, folder=tmp_path / "one")
    truth = json.loads((tmp_path / "one" / "truth.json").read_text())
    found = totals([REVENUE, ORDERS, PAID, ITEMS], organization, currency="EUR")
    assert found["revenue"] == Decimal(truth["revenue_cents"]) / 100
    assert found["paid"] == Decimal(truth["paid_cents"]) / 100
    assert found["orders"] == truth["orders"] - truth["orders_cancelled"]
    mine = Order.objects.owned_by(organization)
    assert mine.filter(customer=None).count() == truth["orders_without_customer"]
    refunded = Refund.objects.owned_by(organization).aggregate(s=Sum("amount"))["s"] or 0
    assert refunded * 100 == truth["refunded_cents"]
    shop = Event.objects.owned_by(organization).filter(source__name="Online shop")
    assert shop.count() == truth["events"]
    by_contact = Customer.objects.owned_by(organization).filter(orders__isnull=False).distinct().count()
    assert by_contact >= 70 - truth["people_without_orders"]


@pytest.mark.django_db
def test_command_writes_the_same_files_again(tmp_path: Path, settings: Any) -> None:
    settings.VAR_DIR = tmp_path
    for name in ("one", "two"):
        said = StringIO()
        call_command("demo", customers=12, seed=5, until=UNTIL, out=tmp_path / name, stdout=said)
        assert re.search(r"\d+ order lines, .* rows in \d+\.\d s, [\d,]+ rows/s", said.getvalue())
        Organization.objects.filter(slug=demo.SLUG).update(slug=f"was-{name}")
        demo_people_go()
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert "truth.json" in digests(tmp_path / "one")


def demo_people_go() -> None:
    """Make room for the demo's sign-ins, so that a second demo fits beside the first."""
    for user in User.objects.filter(email__endswith=f"@{demo.SLUG}.example"):
        user.email = f"{user.pk}-{user.email}"
        user.save(update_fields=["email"])
