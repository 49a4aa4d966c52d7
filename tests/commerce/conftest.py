"""Orders to work with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Membership, Organization
from apps.commerce import actions
from apps.commerce.actions import LineDraft, OrderDraft, ProductDraft
from apps.commerce.models import Order, Product
from apps.core.audit import System
from apps.customers import actions as customers
from apps.customers.models import Customer

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
BY = System("test")
Place = Callable[..., Order]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def customer(organization: Organization) -> Customer:
    details = customers.CustomerDetails(name="Grace Hopper", email="grace@navy.example")
    return customers.create_customer(details, organization=organization, by=BY, now=NOW)


@pytest.fixture
def product(organization: Organization, manager: Membership) -> Product:
    draft = ProductDraft(name="Blue lamp", external_id="p1", source="shop", sku="L-1", price=Decimal("12.50"))
    return actions.upsert_product(draft, organization=organization, by=manager, now=NOW)


def line(quantity: str = "2", price: str = "12.50", **fields: Any) -> LineDraft:
    return LineDraft(quantity=Decimal(quantity), unit_price=Decimal(price), **fields)


def order_draft(**fields: Any) -> OrderDraft:
    given: dict[str, Any] = {"placed_at": NOW, "source": "shop", "external_id": "1001", "lines": (line(),)}
    return OrderDraft(**(given | fields))


@pytest.fixture
def place(organization: Organization) -> Place:
    """Store an order."""

    def run(**fields: Any) -> Order:
        order = actions.upsert_order(order_draft(**fields), organization=organization, by=BY, now=NOW)
        order.refresh_from_db()
        return order

    return run
