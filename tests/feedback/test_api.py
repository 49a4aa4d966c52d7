"""The API of feedback, as an integrator and as a customer's own page meet it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from apps.accounts.models import Membership
from apps.customers import actions as customers
from apps.customers.models import Channel, Customer, Purpose
from apps.feedback import actions
from apps.feedback.answers import Answer
from apps.feedback.models import Response, SurveyRequest
from apps.forms import tokens
from tests.feedback.conftest import make_request

SignIn = Callable[[Membership], Client]
JSON = "application/json"


def url(token: str) -> str:
    return f"/api/v1/feedback/{token}/"


def test_trigger(customer: Customer, member: Membership, client_of: SignIn, now: datetime) -> None:
    client = client_of(member)
    path = f"/api/v1/surveys/trigger/{customer.pk}/"
    refused = client.post(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_consent")
    customers.record_consent(
        customer, purpose=Purpose.SURVEY, channel=Channel.EMAIL, method="counter", by=member, now=now
    )
    first = client.post(path, headers={"idempotency-key": "one"})
    again = client.post(path, headers={"idempotency-key": "one"})
    assert first.status_code == 202
    assert first.json()["state"] == "queued"
    assert first.json() == again.json()
    survey = SurveyRequest.objects.get()
    actions.write_mail(survey, now=now)
    (mail,) = client.get("/api/v1/messages/", {"reference": first.json()["reference"]}).json()["results"]
    assert client.get(f"/api/v1/messages/{mail['id']}/").json()["to_address"] == customer.email
    Customer.objects.update(email="")
    assert client.post(path).json()["code"] == "no_address"


def test_strangers_meet_nothing(
    customer: Customer, survey_request: SurveyRequest, stranger: Membership, client_of: SignIn
) -> None:
    client = client_of(stranger)
    assert client.post(f"/api/v1/surveys/trigger/{customer.pk}/").status_code == 404
    assert client.get("/api/v1/feedback/responses/").json()["results"] == []
    assert Client().get("/api/v1/feedback/responses/").status_code in (401, 403)


def test_answer_by_link(token: str, survey_request: SurveyRequest) -> None:
    client = Client()
    asked = client.get(url(token))
    assert asked.status_code == 200
    assert asked.json()["question"] == "How was your visit?"
    assert asked["Cache-Control"] == "no-store"
    body = {"stars": 4, "comment": "ok", "form_key": "k"}
    assert client.post(url(token), body, content_type=JSON).status_code == 201
    assert client.post(url(token), body, content_type=JSON).status_code == 200
    refused = client.post(url(token), {"stars": 1}, content_type=JSON)
    assert (refused.status_code, refused.json()["code"]) == (410, "link_used")
    assert not refused.cookies


@pytest.mark.parametrize(
    "body", [{}, {"stars": 0}, {"stars": "x"}, {"stars": 5, "comment": "x" * 501}, {"stars": 5, "comment": "\x00"}, []]
)
def test_what_does_not_fit(token: str, body: object) -> None:
    answer = Client().post(url(token), body, content_type=JSON)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_dead_links(customer: Customer, now: datetime, django_assert_num_queries) -> None:
    old = tokens.write(make_request(customer, None, now - timedelta(days=9)).link)
    for token, status, code in [("forged", 404, "link_invalid"), (old, 410, "link_expired")]:
        with django_assert_num_queries(0):
            answer = Client().get(url(token))
        assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_list_pages_and_filters(customer: Customer, viewer: Membership, client_of: SignIn, now: datetime) -> None:
    for number in range(5):
        request = make_request(customer, None, now)
        actions.answer(
            tokens.write(request.link),
            Answer(number + 1, f"c{number}", ""),
            language="en",
            now=now + timedelta(seconds=number),
        )
    client = client_of(viewer)
    seen, address = [], "/api/v1/feedback/responses/?limit=2"
    while address:
        page = client.get(address).json()
        seen += [row["stars"] for row in page["results"]]
        address = page["next"]
    assert seen == [5, 4, 3, 2, 1]
    row = client.get("/api/v1/feedback/responses/?stars=3").json()["results"][0]
    assert (row["comment"], row["is_contradiction"], row["customer_id"]) == ("c2", False, customer.pk)
    newest = Response.objects.order_by("-submitted_at")[0]
    listed = client.get("/api/v1/feedback/responses/").json()["results"][0]
    assert datetime.fromisoformat(listed["submitted_at"]) == newest.submitted_at
    assert set(listed) == set(row)
    for bad in ("stars=9", "since=x", "sentiment=x", "limit=0"):
        assert client.get(f"/api/v1/feedback/responses/?{bad}").status_code == 400
    assert client.get("/api/v1/feedback/responses/?cursor=x").status_code == 409
