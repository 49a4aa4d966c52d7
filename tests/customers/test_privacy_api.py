"""Privacy requests for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts import actions as accounts
from apps.accounts.models import Membership, Organization
from apps.accounts.permissions import Can
from apps.customers.actions import privacy
from apps.customers.models import Customer, PrivacyRequest

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/privacy-requests/"
Key = Callable[..., APIClient]


@pytest.fixture
def api(admin_member: Membership, now: datetime) -> Key:
    def signed_in(*scopes: Can, organization: Organization | None = None, by: Membership | None = None) -> APIClient:
        by = by or admin_member
        _, secret = accounts.create_api_key(
            organization or by.organization, name="x", scopes=list(scopes), by=by, now=timezone.now()
        )
        return APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")

    return signed_in


def test_open_preview_and_carry_out(api: Key, customer: Customer) -> None:
    client = api(Can.HANDLE_PRIVACY, Can.RECORD_VISITS)
    opened = client.post(ADDRESS, {"customer_id": customer.pk, "kind": "erasure"})
    assert opened.status_code == 201
    one = f"{ADDRESS}{opened.json()['id']}/"
    lines = client.get(f"{one}preview/").json()
    assert {"part": "Record", "what": "Customers", "rows": 1, "fate": "erased", "reason": ""} in lines
    assert Customer.objects.exists()

    assert client.post(f"{one}carry-out/").json()["state"] == "working"
    again = client.post(f"{one}carry-out/")
    assert (again.status_code, again.json()["code"]) == (409, "not_open")
    privacy.work_next(now=timezone.now())
    done = client.get(one).json()
    assert (done["state"], done["note"]) == ("done", "")
    assert done["certificate"]["erased"]

    visit = client.post("/api/v1/customers/", {"name": "Ada", "email": "ada@example.com", "purpose_of_visit": "x"})
    assert (visit.status_code, visit.json()["code"]) == (409, "erased")
    assert not Customer.objects.exists()
    back = {"name": "Ada", "email": "ada@example.com", "purpose_of_visit": "x", "has_come_back": True}
    assert client.post("/api/v1/customers/", back).status_code == 201


def test_the_list_narrows_by_state(api: Key, customer: Customer, admin_member: Membership) -> None:
    privacy.open_request(customer, kind="access", by=admin_member, now=timezone.now())
    client = api(Can.HANDLE_PRIVACY)
    assert len(client.get(ADDRESS).json()["results"]) == 1
    assert client.get(f"{ADDRESS}?state=done").json()["results"] == []
    assert client.get(f"{ADDRESS}?state=nonsense").status_code == 400


def test_strangers_and_other_scopes(
    api: Key, customer: Customer, admin_member: Membership, stranger: Membership
) -> None:
    row = privacy.open_request(customer, kind="erasure", by=admin_member, now=timezone.now())
    theirs = api(Can.HANDLE_PRIVACY, by=stranger)
    assert theirs.get(f"{ADDRESS}{row.pk}/").status_code == 404
    assert theirs.post(f"{ADDRESS}{row.pk}/carry-out/").status_code == 404
    assert theirs.get(f"{ADDRESS}{row.pk}/preview/").status_code == 404
    assert theirs.post(ADDRESS, {"customer_id": customer.pk, "kind": "erasure"}).status_code == 404
    assert api(Can.VIEW_CUSTOMERS).get(ADDRESS).status_code == 403
    assert PrivacyRequest.objects.get().state == "open"
