"""The indexes that serve the lists."""

from __future__ import annotations

import pytest
from django.db import connection

from apps.accounts.models import Organization
from apps.customers import queries
from apps.customers.models import Customer


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            lambda pk: queries.NEWEST.window(Customer.objects.owned_by(pk).heads(), "")[0][:51],
            "customer_newest",
        ),
        (
            lambda pk: queries.NEWEST.window(Customer.objects.owned_by(pk).heads().last_seen_at(1), "")[0][:51],
            "customer_of_branch",
        ),
        (lambda pk: Customer.objects.owned_by(pk).filter(mobile="+49").exclude(mobile=""), "customer_mobile"),
    ],
)
def test_index_serves_the_query(organization: Organization, query: object, index: str) -> None:
    if connection.vendor == "postgresql":
        # An almost empty table is read by any index at the same price; a planner chooses where it matters.
        Customer.objects.bulk_create(Customer(organization=organization, name=f"C {number}") for number in range(2000))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE customers_customer")
    assert index in query(organization.pk).explain()  # type: ignore[operator]
