"""Idempotency-Key: the same POST twice happens once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from apps.accounts.models import Membership, Organization
from apps.core import idempotency
from apps.core.idempotency import IdempotentMixin, InProgress, KeyReused
from apps.core.models import IdempotencyRecord
from apps.core.refused import Refused


class Lamps(IdempotentMixin, APIView):
    permission_classes = [AllowAny]
    lit: list[str] = []

    def post(self, request: Request) -> Response:
        name = request.data["name"]
        Organization.objects.create(name=name, slug=name)
        self.lit.append(name)
        if name == "refused":
            raise Refused("No such lamp.", code="no_lamp")
        if name == "broken":
            raise ZeroDivisionError
        return Response({"lit": len(self.lit)}, status=201, headers={"Location": "/lamps/1/"})


@pytest.fixture(autouse=True)
def dark() -> None:
    Lamps.lit.clear()


def post(member: Membership, key: str, name: str = "hall", organization: Organization | None = None) -> HttpResponse:
    request = APIRequestFactory().post(
        "/api/v1/lamps/", {"name": name}, format="json", headers={"Idempotency-Key": key} if key else {}
    )
    request.organization = organization or member.organization
    force_authenticate(request, user=member.user)
    response: Any = Lamps.as_view()(request)
    if hasattr(response, "render"):
        response.render()
    return response


def test_second_request_gets_the_first_answer(member: Membership) -> None:
    first, second = post(member, "k1"), post(member, "k1")
    assert Lamps.lit == ["hall"]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second["Location"] == "/lamps/1/"
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first


def test_other_body_under_the_same_key_is_refused(member: Membership) -> None:
    post(member, "k1")
    response = post(member, "k1", name="porch")
    assert response.status_code == 422
    assert b"idempotency_key_reused" in response.content
    assert Lamps.lit == ["hall"]


def test_keys_belong_to_their_caller(member: Membership, manager: Membership) -> None:
    post(member, "k1", name="hall")
    post(manager, "k1", name="porch")
    assert Lamps.lit == ["hall", "porch"]


def test_without_a_key_nothing_is_stored(member: Membership) -> None:
    post(member, "")
    assert not IdempotencyRecord.objects.exists()


def test_key_that_is_too_long(member: Membership) -> None:
    assert post(member, "x" * 256).status_code == 400


def test_refusal_is_an_answer_and_its_change_is_undone(member: Membership) -> None:
    first, second = post(member, "k1", name="refused"), post(member, "k1", name="refused")
    assert (first.status_code, second.status_code) == (409, 409)
    assert second["Content-Type"] == "application/problem+json"
    assert b"no_lamp" in second.content
    assert Lamps.lit == ["refused"]
    assert not Organization.objects.filter(name="refused").exists()


def test_failure_frees_the_key(member: Membership) -> None:
    with pytest.raises(ZeroDivisionError):
        post(member, "k1", name="broken")
    assert not IdempotencyRecord.objects.exists()


def claim(organization: Organization, now: Any, body: bytes = b"{}") -> IdempotencyRecord:
    return idempotency.claim(
        organization_id=organization.pk, caller="key:1", key="k", request_line="POST /x", body=body, now=now
    )


def test_parallel_request_is_told_to_wait_until_the_lease_ends(organization: Organization) -> None:
    now = timezone.now()
    claim(organization, now)
    with pytest.raises(InProgress):
        claim(organization, now + idempotency.LEASE - timedelta(seconds=1))
    with pytest.raises(KeyReused):
        claim(organization, now, body=b"[]")
    assert not claim(organization, now + idempotency.LEASE).is_answered
    with pytest.raises(InProgress):
        claim(organization, now + idempotency.LEASE)


def test_in_progress_over_http(member: Membership) -> None:
    post(member, "k1")
    IdempotencyRecord.objects.update(status=0, leased_until=timezone.now() + idempotency.LEASE)
    response = post(member, "k1")
    assert response.status_code == 409
    assert b"in_progress" in response.content
    assert response["Retry-After"] == "1"


def test_keys_are_forgotten_after_a_day(organization: Organization) -> None:
    now = timezone.now()
    claim(organization, now)
    assert not IdempotencyRecord.objects.expired(now + timedelta(hours=24)).exists()
    assert IdempotencyRecord.objects.expired(now + timedelta(hours=24, seconds=1)).exists()
