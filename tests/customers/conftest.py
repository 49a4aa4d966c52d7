"""Customers to work with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership, Organization
from apps.customers import actions
from apps.customers.actions import BranchDetails, VisitDraft
from apps.customers.identity import Seen
from apps.customers.models import Branch, Customer, Visit

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)

# What people and machines put into fields, one of each kind.
NASTY = [
    "<script>alert(1)</script>",
    "שָׁלוֹם",
    "😀👩‍👩‍👧",
    "a\nBcc: x@example.com",
    "'; DROP TABLE customers_customer; --",
    "\u202eevil",
    "=cmd|' /C calc'!A0",
    "{{ 7*7 }}{% load x %}",
]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def branch(organization: Organization, manager: Membership) -> Branch:
    return actions.create_branch(BranchDetails("Old Town"), organization=organization, by=manager)


Capture = Callable[..., Visit]
ANSWER = dict[str, Any]


@pytest.fixture
def capture(organization: Organization, member: Membership, now: datetime) -> Capture:
    """Record a visit as the agent."""

    def run(name: str = "Ada Lovelace", **fields: Any) -> Visit:
        fields.setdefault("email", "ada@example.com")
        by = fields.pop("by", member)
        moment = fields.pop("now", now)
        return actions.capture_visit(VisitDraft(name, **fields), organization=organization, by=by, now=moment)

    return run


@pytest.fixture
def customer(capture: Capture) -> Customer:
    return capture(mobile="0151 23456789", has_email_consent=True, purpose="Eye test").customer


@pytest.fixture
def counter(client_of: Callable[[Membership], Client], member: Membership) -> Client:
    return client_of(member)


@pytest.fixture
def office(client_of: Callable[[Membership], Client], manager: Membership) -> Client:
    return client_of(manager)


def page(client: Client, address: str, status: int = 200, **headers: str) -> str:
    """The text of a page that answers with this status."""
    response = client.get(address, headers=headers)
    assert response.status_code == status, address
    return str(response.content.decode())


def typed(client: Client, **fields: object) -> dict[str, object]:
    """The new-visit form as a person fills it in."""
    form = client.get("/visits/new/").context["form"]
    hidden = {name: form[name].value() for name in ("form_key", "notice")}
    return {"name": "Ada Lovelace", "email": "ada@example.com", "purpose": "Eye test", **hidden, **fields}


def record(organization: Organization, now: datetime, name: str = "", **columns: Any) -> Customer:
    return Customer.objects.create(organization=organization, name=name, created_at=now, updated_at=now, **columns)


def stored(*pks: int) -> list[dict[str, Any]]:
    """The records, byte for byte, without the counters of changes."""
    return [
        {k: v for k, v in row.items() if k not in ("version", "updated_at")}
        for row in Customer.objects.filter(pk__in=pks).order_by("pk").values()
    ]


@pytest.fixture
def see(organization: Organization, manager: Membership, now: datetime) -> Any:
    def run(customer: Customer, *seen: tuple[str, str], source: str = "test", **more: Any) -> Customer:
        return actions.observe(customer, [Seen(*name) for name in seen], source=source, by=manager, now=now, **more)

    return run


@pytest.fixture
def api(client_of: Callable[[Membership], Client], manager: Membership) -> Client:
    return client_of(manager)


def post(api: Client, path: str, body: object, status: int = 201, **headers: str) -> ANSWER:
    response = api.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)
    assert response.status_code == status, response.content
    answer: ANSWER = response.json()
    return answer


def get(api: Client, path: str, status: int = 200) -> ANSWER:
    response = api.get(path if path.startswith("http") else f"/api/v1/{path}")
    assert response.status_code == status, response.content
    answer: ANSWER = response.json()
    return answer
