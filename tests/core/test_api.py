"""The API's common ground: errors in one shape, pages by cursor, limits, its own description."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.test import APIRequestFactory, force_authenticate

from apps.accounts.models import Membership, Organization
from apps.core import ratelimit
from apps.core.api import KeysetList
from apps.core.keyset import Keyset
from apps.core.models import OutboxEvent
from apps.core.ratelimit import Policy
from apps.core.refused import Refused


class EventSerializer(serializers.ModelSerializer[OutboxEvent]):
    class Meta:
        model = OutboxEvent
        fields = ["id", "name"]


class Events(KeysetList):
    permission_classes = [AllowAny]
    serializer_class = EventSerializer
    keyset = Keyset("-announced_at", "-id")
    rate_policy = "tested"

    def get_queryset(self) -> Any:
        return OutboxEvent.objects.all()


@pytest.fixture(autouse=True)
def tested_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ratelimit.POLICIES, "tested", Policy("tested", 100, 60))


@pytest.fixture
def events(organization: Organization) -> list[int]:
    now = timezone.now()
    return [
        OutboxEvent.objects.create(
            organization=organization,
            name=f"core.Test{number}",
            payload={},
            announced_at=now - timedelta(minutes=number),
            next_attempt_at=now,
        ).pk
        for number in range(5)
    ]


def get(address: str = "/api/v1/events/", member: Membership | None = None) -> HttpResponse:
    request = APIRequestFactory().get(address)
    if member:
        force_authenticate(request, user=member.user)
    response: Any = Events.as_view()(request)
    return response.render()  # type: ignore[no-any-return]


def test_pages_lead_through_all_rows_and_back(events: list[int]) -> None:
    first = get("/api/v1/events/?limit=2").data  # type: ignore[attr-defined]
    assert [row["id"] for row in first["results"]] == events[:2]
    assert first["previous"] is None
    second = get(first["next"]).data  # type: ignore[attr-defined]
    third = get(second["next"]).data  # type: ignore[attr-defined]
    assert [row["id"] for row in third["results"]] == events[4:]
    assert third["next"] is None
    assert [row["id"] for row in get(third["previous"]).data["results"]] == events[2:4]  # type: ignore[attr-defined]
    assert "limit=2" in third["previous"]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "", "9" * 5000])
def test_limit_is_checked(events: list[int], limit: str) -> None:
    response = get(f"/api/v1/events/?limit={limit}")
    assert response.status_code == 400
    assert "limit" in response.data["errors"]  # type: ignore[attr-defined]


def test_forged_cursor_is_refused(events: list[int]) -> None:
    response = get("/api/v1/events/?cursor=nonsense")
    assert response.status_code == 409
    assert response.data["code"] == "bad_cursor"  # type: ignore[attr-defined]


def test_limit_counts_per_caller(events: list[int], member: Membership, manager: Membership, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(ratelimit.POLICIES, "tested", Policy("tested", 1, 3600))
    assert get(member=member).status_code == 200
    response = get(member=member)
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 3600
    assert response.data["code"] == "throttled"  # type: ignore[attr-defined]
    assert get(member=manager).status_code == 200
    assert get().status_code == 200, "strangers are counted by address"
    assert get().status_code == 429


def test_limit_that_the_view_checks_itself(events: list[int], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(ratelimit.POLICIES, "own", Policy("own", 0, 60))
    monkeypatch.setattr(Events, "get_queryset", lambda self: ratelimit.check("own", "token"))
    response = get()
    assert response.status_code == 429
    assert int(response["Retry-After"]) >= 1
    assert response.data["code"] == "throttled"  # type: ignore[attr-defined]


def test_unknown_address_under_api_is_a_problem(client: Client, db: None) -> None:
    response = client.get("/api/v1/no/such/thing/")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_found"
    assert response.json()["request_id"] == response["X-Request-Id"]


def test_unknown_page_is_a_page(client: Client, db: None) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("path", "content_type"), [("/api/v1/x", "application/problem+json"), ("/x", "text/html")])
def test_crash_is_answered_and_tells_nothing(db: None, monkeypatch, path: str, content_type: str) -> None:  # type: ignore[no-untyped-def]
    def crash(*_: object) -> None:
        raise RuntimeError("secret-detail")

    monkeypatch.setattr("django.core.handlers.base.BaseHandler.resolve_request", crash)
    response = Client(raise_request_exception=False).get(path)
    assert response.status_code == 500
    assert response["Content-Type"].startswith(content_type)
    assert b"secret-detail" not in response.content


def test_missing_csrf_token_is_explained(member: Membership) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/accounts/login/", {"login": "x"})
    assert response.status_code == 403
    assert response["Content-Type"].startswith("text/html")


def test_schema_describes_the_api(client: Client, db: None) -> None:
    response = client.get("/api/schema/")
    assert response.status_code == 200
    assert b"Customer Compass API" in response.content


def test_docs_need_nothing_from_elsewhere(client: Client, db: None) -> None:
    response = client.get("/api/docs/")
    page = response.content.decode()
    assert response.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources
    assert all(source.startswith("/") for source in sources)
    assert not re.search(r"<script(?![^>]*\bsrc=)", page), "inline scripts are forbidden"
    for source in sources:
        answer = client.get(source)
        answer.close()
        assert answer.status_code == 200, source


def test_a_cursor_that_no_column_holds_is_refused() -> None:
    keyset = Keyset("-at", "-id")
    written = [["n", "2026-01-01T00:00:00+00:00", "x"], ["n", "yesterday", 1], ["p", "2026-01-01", float("inf")]]
    for values in written:
        cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
        with pytest.raises(Refused) as refused:
            keyset.position(cursor, datetime.fromisoformat, int)
        assert refused.value.code == "bad_cursor"
    assert keyset.position("", datetime.fromisoformat, int) == (False, [])
