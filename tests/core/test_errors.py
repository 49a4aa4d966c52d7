"""Error pages render on their own, with the right status, and name the reference."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from apps.accounts.models import Membership
from apps.core import errors, request_context
from apps.core.middleware import refuse_bottomless_json
from apps.customers import queries

SignedIn = Callable[[Membership], Client]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 429, 500, 503])
def test_error_page_needs_nothing_but_its_template(status: int) -> None:
    with request_context.trace("reference-42"):
        response = errors.error_page(status)
    page = response.content.decode()
    assert response.status_code == status
    assert "reference-42" in page and "<h1>" in page and "public.css" in page
    assert "staff.css" not in page and "<script" not in page


def test_too_many_says_when_to_come_back(rf: RequestFactory) -> None:
    assert errors.too_many(rf.get("/"), retry_after_seconds=30)["Retry-After"] == "30"


def test_expired_form_has_its_own_words(rf: RequestFactory) -> None:
    assert "open too long" in errors.csrf_failure(rf.post("/")).content.decode()


def test_programs_get_the_problem_and_not_the_page(rf: RequestFactory) -> None:
    response = errors.not_found(rf.get("/api/v1/nothing/"), Exception())
    assert response["Content-Type"] == "application/problem+json"


def test_without_reference_none_is_printed() -> None:
    assert "Reference" not in render_to_string("errors/404.html")


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/api/v1/customers/", "/_allauth/app/v1/auth/login"])
@pytest.mark.parametrize("body", ["[" * 100_000, '{"name":' * 10_000 + "1" + "}" * 10_000])
def test_bottomless_json_is_the_senders_fault(member: Membership, client_of: SignedIn, address: str, body: str) -> None:
    assert client_of(member).post(address, body, content_type="application/json").status_code == 400


def test_a_recursion_of_ours_stays_our_fault() -> None:
    def endless() -> None:
        endless()

    middleware = refuse_bottomless_json(lambda request: HttpResponse())
    with pytest.raises(RecursionError) as caught:
        endless()
    assert middleware.process_exception(HttpRequest(), caught.value) is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize("path", ["/customers/", "/api/v1/customers/"])
def test_database_that_is_away_is_503_and_passes(rf: RequestFactory, path: str, error: type[Exception]) -> None:
    request = rf.get(path)
    try:
        raise error("connection refused")
    except error:
        response = errors.server_error(request)
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert b"connection refused" not in response.content


def test_other_mistakes_stay_500(rf: RequestFactory) -> None:
    try:
        raise ValueError
    except ValueError:
        assert errors.server_error(rf.get("/")).status_code == 500


@pytest.mark.django_db
def test_page_without_its_database(member: Membership, client_of: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the connection is lost")

    client = client_of(member)
    client.raise_request_exception = False
    monkeypatch.setattr(queries, "customer_rows", away)
    page = client.get("/customers/")
    assert page.status_code == 503
    assert b"the connection is lost" not in page.content
