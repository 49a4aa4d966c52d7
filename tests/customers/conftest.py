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
