"""What staff see: whole, as a fragment, as a stranger, without permission."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.customers import actions as customers
from apps.customers.models import Branch, Channel, Customer, Purpose
from apps.feedback import actions, queries
from apps.feedback.answers import Answer
from apps.feedback.models import Response, SurveyRequest, SurveySettings
from apps.feedback.queries import RequestFilters
from apps.feedback.views.responses import harmless
from apps.forms import tokens
from tests.feedback.conftest import make_customer, make_request

SignIn = Callable[[Membership], Client]


@pytest.fixture
def response(survey_request: SurveyRequest, token: str, now: datetime) -> Response:
    actions.answer(token, Answer(2, "Terrible wait, <b>friendly</b> team", ""), language="en", now=now)
    answer = Response.objects.select_related("organization").get()
    return actions.analyse(answer, now=now)


def answered(customer: Customer, stars: int, comment: str, now: datetime) -> Response:
    request = make_request(customer, None, now)
    actions.answer(tokens.write(request.link), Answer(stars, comment, ""), language="en", now=now)
    return Response.objects.get(request=request)


def test_list_and_its_fragment(response: Response, viewer: Membership, client_of: SignIn) -> None:
    client = client_of(viewer)
    page = client.get("/responses/")
    assert page.status_code == 200
    assert "Ada Lovelace" in page.content.decode()
    assert "Terrible wait, &lt;b&gt;friendly&lt;/b&gt; team" in page.content.decode()
    part = client.get("/responses/", headers={"hx-request": "true", "hx-target": "rows"}).content.decode()
    assert part.lstrip().startswith('<div id="rows"')
    assert "<html" not in part


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"Ada", "Bob"}),
        ("stars=2", {"Ada"}),
        ("stars=5", {"Bob"}),
        ("stars=9", {"Ada", "Bob"}),
        ("q=terrible", {"Ada"}),
        ("q=bob", {"Bob"}),
        ("q=%25", set()),
        ("q=%00", {"Ada", "Bob"}),
        ("contradiction=on", set()),
        ("since=2100-01-01", set()),
        ("until=2100-01-01", {"Ada", "Bob"}),
        ("until=9999-12-31", {"Ada", "Bob"}),
        ("since=0001-01-01", {"Ada", "Bob"}),
        ("since=nonsense", {"Ada", "Bob"}),
        ("branch=999999", {"Ada", "Bob"}),
        ("sentiment=negative", {"Ada"}),
        ("cursor=rubbish", {"Ada", "Bob"}),
    ],
)
def test_filters(
    query: str, expected: set[str], response: Response, viewer: Membership, client_of: SignIn, now: datetime
) -> None:
    Response.objects.update(sentiment="negative")
    details = customers.CustomerDetails("Bob Stone", "bob@example.com")
    bob = customers.create_customer(details, organization=response.organization, by=viewer, now=now)
    answered(bob, 5, "Lovely", now)
    html = client_of(viewer).get(f"/responses/?{query}", follow=True).content.decode()
    assert {name for name in ("Ada", "Bob") if f"{name} " in html} == expected


def test_branch_and_staff_filters(response: Response, viewer: Membership, client_of: SignIn) -> None:
    html = client_of(viewer).get(f"/responses/?branch={response.branch_id}&staff={response.staff_member_id}")
    assert "Ada Lovelace" in html.content.decode()


def test_detail(response: Response, viewer: Membership, member: Membership, client_of: SignIn) -> None:
    url = f"/responses/{response.pk}/"
    html = client_of(viewer).get(url).content.decode()
    assert "<mark" in html
    assert "built-in model" in html
    assert "How the question travelled" not in html, "viewers do not see mails"
    assert "How the question travelled" in client_of(member).get(url).content.decode()


def test_strangers_and_the_signed_out(
    response: Response, survey_request: SurveyRequest, stranger: Membership, client_of: SignIn
) -> None:
    client = client_of(stranger)
    pages = [f"/responses/{response.pk}/", f"/surveys/{survey_request.pk}/"]
    posts = [
        f"/surveys/{survey_request.pk}/revoke/",
        f"/surveys/{survey_request.pk}/resend/",
        f"/surveys/send/{survey_request.customer_id}/",
    ]
    assert {client.get(page).status_code for page in pages} == {404}
    assert {client.post(page).status_code for page in posts} == {404}
    assert "Ada" not in client.get("/responses/").content.decode()
    assert "Ada" not in client.get("/surveys/").content.decode()
    assert {Client().get(page).status_code for page in pages} == {302}


def test_viewers_may_look_but_not_send_or_export(
    survey_request: SurveyRequest, viewer: Membership, client_of: SignIn
) -> None:
    client = client_of(viewer)
    for page in ("/surveys/", "/responses/export/", "/settings/survey/", "/settings/survey/preview/"):
        assert client.get(page).status_code == 403
    assert client.post(f"/surveys/{survey_request.pk}/revoke/").status_code == 403


def test_export_is_harmless_in_a_spreadsheet(
    response: Response, manager: Membership, client_of: SignIn, now: datetime, customer: Customer
) -> None:
    answered(customer, 4, '=HYPERLINK("http://evil")', now + timedelta(seconds=1))
    answer = client_of(manager).get("/responses/export/?stars=4")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "attachment" in answer["Content-Disposition"]
    assert text.startswith("\ufeffsubmitted_at,")
    assert "'=HYPERLINK" in text
    assert "Terrible" not in text
    assert text.count("\r\n") == 2


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "  ="])
def test_every_formula_start(start: str) -> None:
    assert harmless(f"{start}1") == f"'{start}1"
    assert harmless("1=1") == "1=1"
    assert harmless(5) == 5


def test_request_pages(survey_request: SurveyRequest, member: Membership, client_of: SignIn, now: datetime) -> None:
    customers.record_consent(
        survey_request.customer, purpose=Purpose.SURVEY, channel=Channel.EMAIL, method="counter", by=member, now=now
    )
    client = client_of(member)
    assert "Ada Lovelace" in client.get("/surveys/?state=waiting").content.decode()
    assert "Ada Lovelace" not in client.get("/surveys/?state=answered").content.decode()
    for state in ("delayed", "undelivered", "expired", "revoked", "nonsense"):
        assert client.get(f"/surveys/?state={state}").status_code == 200
    url = f"/surveys/{survey_request.pk}/"
    assert client.post(f"{url}resend/", follow=True).status_code == 200
    assert "no longer works" in client.post(f"{url}revoke/", follow=True).content.decode()
    assert client.get(f"{url}revoke/").status_code == 405
    survey_request.link.refresh_from_db()
    assert survey_request.link.revoked_at is not None


def test_customer_page_offers_to_ask(customer: Customer, member: Membership, client_of: SignIn, now: datetime) -> None:
    client = client_of(member)
    address = f"/customers/{customer.pk}/?panels=all"
    assert "record an e-mail address and the consent" in client.get(address).content.decode()
    refused = client.post(f"/surveys/send/{customer.pk}/", follow=True).content.decode()
    assert "has not agreed" in refused
    customers.record_consent(
        customer, purpose=Purpose.SURVEY, channel=Channel.EMAIL, method="counter", by=member, now=now
    )
    assert "Send survey" in client.get(address).content.decode()
    client.post(f"/surveys/send/{customer.pk}/")
    assert SurveyRequest.objects.get().customer == customer


def test_settings(manager: Membership, client_of: SignIn) -> None:
    client = client_of(manager)
    page = client.get("/settings/survey/")
    assert page.status_code == 200
    typed = {
        "expiry_hours": "24",
        "are_reminders_on": "on",
        "remind_after_hours": "12",
        "max_reminders": "2",
        "question_en": "All <well>?",
        "question_de": "Alles gut?",
    }
    preview = client.post("/settings/survey/preview/?lang=de", typed)
    assert "Alles gut?" in preview.content.decode()
    assert "frame-ancestors 'self'" in preview["Content-Security-Policy"]
    assert preview["X-Frame-Options"] == "SAMEORIGIN"
    refused = client.post("/settings/survey/", {**typed, "expiry_hours": "169"})
    assert refused.status_code == 422
    assert "All &lt;well&gt;?" in refused.content.decode()
    assert client.post("/settings/survey/", typed).status_code == 302
    row = SurveySettings.objects.get()
    assert (row.expiry_hours, row.max_reminders, row.words("de").question) == (24, 2, "Alles gut?")
    assert "All &lt;well&gt;?" in client.get("/settings/survey/").content.decode()


def test_list_costs_the_same_for_many_rows(
    response: Response, viewer: Membership, client_of: SignIn, now: datetime, django_assert_max_num_queries
) -> None:
    client = client_of(viewer)
    for number in range(12):
        answered(make_customer(response.organization, "Cy", f"c{number}@example.com"), 3, "", now)
    with django_assert_max_num_queries(10):
        client.get("/responses/")


def test_requests_are_narrowed_by_branch_and_day(
    client_of,
    member: Membership,
    organization: Organization,
    other_organization: Organization,
    survey_request: SurveyRequest,
    branch: Branch,
) -> None:
    elsewhere = Branch.objects.create(organization=organization, name="Old Town", name_key="old town")
    foreign = Branch.objects.create(organization=other_organization, name="Far Away", name_key="far away")
    client = client_of(member)
    day = survey_request.requested_at.astimezone(organization.zone).date()
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    for query, is_shown in {
        f"branch={branch.pk}": True,
        f"branch={elsewhere.pk}": False,
        f"branch={foreign.pk}": True,  # not one of ours: the form says so, the list is not narrowed
        f"since={day}": True,
        f"since={after}": False,
        f"until={day}": True,
        f"until={before}": False,
        f"state=waiting&since={day}&until={day}&branch={branch.pk}": True,
        f"state=revoked&since={day}": False,
        "since=yesterday": True,
    }.items():
        page = client.get(f"/surveys/?{query}")
        assert page.status_code == 200
        assert ("Ada Lovelace" in page.content.decode().split('id="rows"')[1]) == is_shown, query
    page = client.get(f"/surveys/?state=waiting&since={day}").content.decode()
    assert f'href="?since={day}"' in page
    assert "State: Waiting for an answer" in page


@pytest.mark.parametrize(("filters", "index"), [({"branch_id": 1}, "request_of_branch"), ({}, "request_newest")])
def test_request_filters_have_their_index(organization: Organization, filters: dict[str, int], index: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("an empty PostgreSQL table is read without any index")
    narrowed = RequestFilters(**filters, since=date(2026, 1, 1), until=date(2026, 2, 1))  # type: ignore[arg-type]
    found = queries.requests(organization, narrowed, now=timezone.now())
    plan = queries.NEWEST_REQUESTS.window(found, "")[0][:51].explain()
    assert index in plan
    assert "TEMP B-TREE" not in plan


def test_numbers_of_home_lead_to_their_rows(
    client_of, member: Membership, organization: Organization, survey_request: SurveyRequest
) -> None:
    client = client_of(member)
    week = timezone.now().astimezone(organization.zone).date() - timedelta(days=6)
    assert f'href="/surveys/?since={week}"' in client.get("/").content.decode()
    assert "Ada Lovelace" in client.get(f"/surveys/?since={week}").content.decode()


def test_preview_while_typing_is_a_new_frame(manager: Membership, client_of: SignIn) -> None:
    client = client_of(manager)
    page = client.get("/settings/survey/").content.decode()
    assert 'hx-post="/settings/survey/preview/"' in page and 'formaction="/settings/survey/preview/"' in page
    typed = {"question_en": 'Was it <b>"good"</b>?', "expiry_hours": "48"}
    part = client.post(
        "/settings/survey/preview/", typed, headers={"HX-Request": "true", "HX-Target": "preview"}
    ).content.decode()
    frame = html.unescape(part.partition('srcdoc="')[2].partition('"')[0])
    assert part.startswith('<div id="preview">') and "Was it" in frame
    assert "Was it &lt;b&gt;&quot;good&quot;&lt;/b&gt;?" in frame
