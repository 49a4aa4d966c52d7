"""Held-back addresses in the settings and by API: found, released with a reason, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.core.models import AuditEntry
from apps.messaging import actions
from apps.messaging.models import Suppression, SuppressionReason

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Membership], Client]
PAGE = "/settings/suppressions/"


@pytest.fixture
def rows(organization: Organization) -> list[Suppression]:
    reasons = {"gone@shop.example": SuppressionReason.HARD_BOUNCE, "angry@post.example": SuppressionReason.COMPLAINT}
    return [
        actions.suppress(address, organization_id=organization.pk, reason=reason, now=timezone.now())
        for address, reason in reasons.items()
    ]


def test_list_and_search(client_of: ClientOf, manager: Membership, rows: list[Suppression]) -> None:
    client = client_of(manager)
    page = client.get(PAGE).content.decode()
    assert "gone@shop.example" in page and "angry@post.example" in page and "marked as spam" in page
    found = client.get(PAGE, {"q": "SHOP"}, headers={"HX-Request": "true", "HX-Target": "rows"}).content.decode()
    assert "gone@shop.example" in found and "angry@" not in found and "<html" not in found


def test_an_erased_address_is_found_by_all_of_it(
    client_of: ClientOf, manager: Membership, rows: list[Suppression]
) -> None:
    Suppression.objects.filter(pk=rows[0].pk).update(address="")
    client = client_of(manager)
    path = f"{PAGE}{rows[0].pk}/release/"
    assert path in client.get(PAGE, {"q": "Gone@shop.example"}).content.decode()
    assert path not in client.get(PAGE, {"q": "gone@shop.exampl"}).content.decode()


def test_release_needs_a_reason_and_is_audited(
    client_of: ClientOf, manager: Membership, rows: list[Suppression]
) -> None:
    client = client_of(manager)
    path = f"{PAGE}{rows[0].pk}/release/"
    assert "gone@shop.example" in client.get(path).content.decode()
    assert client.post(path, {"reason": " "}).status_code == 422
    assert Suppression.objects.filter(released_at=None).count() == 2
    assert client.post(path, {"reason": "They typed it wrong\nbefore"}).status_code == 302
    rows[0].refresh_from_db()
    assert (rows[0].released_at is not None, rows[0].released_by) == (True, manager.audit_label)
    entry = AuditEntry.objects.get(action="suppression.release")
    assert entry.after["released_because"] == "They typed it wrong before"
    assert client.post(path, {"reason": "again"}).status_code == 422, "it is released already"
    assert "gone@" not in client.get(PAGE).content.decode()
    assert "gone@" in client.get(PAGE, {"show": "all"}).content.decode()


def test_strangers_and_agents(
    client_of: ClientOf, stranger: Membership, member: Membership, rows: list[Suppression]
) -> None:
    for path in (f"{PAGE}{rows[0].pk}/release/", f"/api/v1/suppressions/{rows[0].pk}/release/"):
        assert client_of(stranger).post(path, {"reason": "mine"}).status_code == 404
        assert client_of(member).post(path, {"reason": "mine"}).status_code == 403
    assert "gone@" not in client_of(stranger).get(PAGE).content.decode()
    assert client_of(member).get(PAGE).status_code == 403
    assert Suppression.objects.filter(released_at=None).count() == 2


def test_api(client_of: ClientOf, manager: Membership, rows: list[Suppression]) -> None:
    client = client_of(manager)
    listed = client.get("/api/v1/suppressions/", {"q": "gone"}).json()["results"]
    assert [(row["address"], row["reason"]) for row in listed] == [("gone@shop.example", "hard_bounce")]
    path = f"/api/v1/suppressions/{listed[0]['id']}/release/"
    assert client.post(path, {}, content_type="application/json").json()["errors"]["reason"]
    released = client.post(path, {"reason": "A new mailbox"}, content_type="application/json")
    assert (released.status_code, released.json()["released_by"]) == (200, manager.audit_label)
    again = client.post(path, {"reason": "A new mailbox"}, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "not_suppressed")
    assert [row["address"] for row in client.get("/api/v1/suppressions/").json()["results"]] == ["angry@post.example"]
