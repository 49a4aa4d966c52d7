"""The lists of the API of customers: pages, filters, and what they cost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Organization
from apps.customers.models import Branch, Customer, StaffMember
from tests.customers.conftest import ANSWER, Capture, get


def test_fast_list_prints_what_the_serializer_prints(api: Client, capture: Capture, branch: Branch) -> None:
    for number in range(5):
        capture(
            f"Ada {number} “ü”", email=f"{number}@example.com", branch_id=branch.pk, has_email_consent=number % 2 > 0
        )
    Customer.objects.create(organization=branch.organization, name="Nobody")
    fast = get(api, "customers/")
    slow = get(api, "customers/?since=2000-01-01")
    assert fast["results"][0]["name"] == "Nobody"

    def plain(rows: list[ANSWER]) -> list[ANSWER]:
        # The same moment in another zone is the same moment.
        return [
            {
                key: datetime.fromisoformat(value) if key.endswith("_at") and value else value
                for key, value in row.items()
            }
            for row in rows
        ]

    assert plain(fast["results"]) == plain(slow["results"])
    assert fast["results"][1].keys() == slow["results"][1].keys()
    assert {row["survey_consent"] for row in fast["results"]} == {True, False}


@pytest.mark.parametrize("filters", ["", "&since=2000-01-01"])
def test_pages_forward_and_back(api: Client, capture: Capture, filters: str) -> None:
    for number in range(5):
        capture(f"Ada {number}", email=f"{number}@example.com")
    whole = [row["id"] for row in get(api, "customers/")["results"]]
    first = get(api, f"customers/?limit=2{filters}")
    second = get(api, first["next"])
    third = get(api, second["next"])
    assert [row["id"] for page in (first, second, third) for row in page["results"]] == whole
    assert (first["previous"], third["next"]) == (None, None)
    assert get(api, second["previous"])["results"] == first["results"]


@pytest.mark.parametrize("query", ["cursor=nonsense", "limit=0", "limit=201", "limit=x", "branch_id=x", "since=soon"])
def test_wrong_queries_are_refused(api: Client, query: str) -> None:
    assert api.get(f"/api/v1/customers/?{query}").status_code in (400, 409)


def test_filters(api: Client, capture: Capture, branch: Branch) -> None:
    ada = capture("Ada", has_email_consent=True, branch_id=branch.pk).customer
    ben = capture("Ben", email="ben@example.com").customer
    for query, expected in {
        "q=ad": [ada],
        "q=zz": [],
        "survey_consent=yes": [ada],
        "survey_consent=no": [ben],
        f"branch_id={branch.pk}": [ada],
        "until=2026-03-28": [],
        "until=0001-01-01": [],
        "since=9999-12-31": [],
        "since=0001-01-01&until=9999-12-31": [ben, ada],
        "since=2026-03-29&until=2026-03-29": [ben, ada],
    }.items():
        found = [row["id"] for row in get(api, f"customers/?{query}")["results"]]
        assert found == [customer.pk for customer in expected], query


def test_lists_ask_a_handful_of_queries(
    api: Client, capture: Capture, organization: Organization, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        capture(f"Ada {number}", email=f"{number}@example.com", has_email_consent=True)
    get(api, "customers/")
    with django_assert_max_num_queries(4):
        get(api, "customers/")
    StaffMember.objects.create(organization=organization, name="Jo", name_key="jo")
    with django_assert_max_num_queries(4):
        get(api, "customers/?q=ada")
