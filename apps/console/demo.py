"""The demo organisation: a chain of opticians with people, customers, visits, responses, orders and website events.

The same seed gives the same data; passwords are random for each installation and kept beside its database. What the
sample drew, and what is true of it, stands as files in `files_folder()`.
"""

from __future__ import annotations

import os
import random
import secrets
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.db import models, transaction

from apps.accounts.models import Membership, Organization, User
from apps.accounts.permissions import Role
from apps.commerce.models import Order, OrderLine, Payment, Product, Refund
from apps.console import sample
from apps.console.sample import Known
from apps.customers import demo as customers_demo
from apps.customers.models import Customer, Visit
from apps.feedback import demo as feedback_demo
from apps.feedback.models import Response
from apps.tracking import demo as tracking_demo
from apps.tracking.models import Event

SLUG = "harbour-opticians"
# So many come to the counter one by one, with consent and survey; all others are known from the shop alone.
AT_THE_COUNTER = 60
PEOPLE = [
    (Role.ADMIN, "Ada Lindqvist"),
    (Role.MANAGER, "Mehmet Aydin"),
    (Role.AGENT, "Nora Becker"),
    (Role.VIEWER, "Victor Chan"),
]


@transaction.atomic
def fill(
    *, customers: int, seed: int, now: datetime, until: date | None = None, folder: Path | None = None
) -> Organization:
    """Make the demo organisation with this many customers; the sign-ins are in `sign_ins_file()`.

    Args:
        until: the sample ends the day before; None: today.
        folder: where its files go; None: `files_folder()`.
    """
    organization = Organization.objects.create(
        name="Harbour Opticians",
        slug=SLUG,
        time_zone="Europe/Berlin",
        currency="EUR",
        country="DE",
        sender_name="Harbour Opticians",
        sender_email="hello@harbour-opticians.example",
    )
    _write_sign_ins([_person(organization, role, name) for role, name in PEOPLE])
    dice = random.Random(seed)
    customers_demo.fill(organization, dice, customers=min(customers, AT_THE_COUNTER), now=now)
    feedback_demo.fill(organization, dice, now=now)
    customers_demo.add_duplicates(organization, now=now)
    # Dice of its own, so that what the others make stays the same.
    tracking_demo.fill(organization, random.Random(seed + 1), now=now)
    drawn = sample.make(
        customers=customers,
        seed=seed,
        until=until or now.astimezone(organization.zone).date(),
        known=_known(organization),
    )
    sample.write_files(drawn, folder or files_folder())
    sample.load(drawn, organization, by=Membership.objects.owned_by(organization).order_by("id")[0], now=now)
    return organization


def counts(organization: Organization) -> dict[str, int]:
    """How many rows of each kind the demo has, by what people call them."""
    kinds: tuple[type[models.Model], ...] = (
        Customer, Visit, Response, Product, Order, OrderLine, Payment, Refund, Event,
    )  # fmt: skip
    return {
        str(kind._meta.verbose_name_plural): kind._default_manager.filter(organization_id=organization.pk).count()
        for kind in kinds
    }


def files_folder() -> Path:
    """Where the demo's files and their truth are."""
    return Path(settings.VAR_DIR) / "demo-data"


def sign_ins_file() -> Path:
    """Where the demo's passwords are."""
    return Path(settings.VAR_DIR) / "demo-sign-ins.txt"


def _known(organization: Organization) -> list[Known]:
    """Those who came to the counter: in the sample they are the first people."""
    rows = Customer.objects.owned_by(organization).heads().order_by("email", "mobile", "name")
    return [Known(row.name, row.email, row.mobile) for row in rows]


def _person(organization: Organization, role: Role, name: str) -> str:
    password = f"demo-{secrets.token_hex(4)}"
    email = f"{name.split()[0].lower()}@{SLUG}.example"
    user = User.objects.create_user(
        email, password, name=name, is_staff=role == Role.ADMIN, is_superuser=role == Role.ADMIN
    )
    Membership.objects.create(organization=organization, user=user, role=role)
    return f"{Role(role).label:<16}{email:<40}{password}"


def _write_sign_ins(lines: list[str]) -> None:
    descriptor = os.open(sign_ins_file(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
