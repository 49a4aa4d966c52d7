"""The survey behind a link, as a customer, a scanner or a stranger meets it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.feedback.models import Response, SurveyRequest, SurveySettings
from apps.feedback.views import public
from apps.forms import actions as link_actions
from apps.forms import tokens
from apps.forms.models import OneTimeLink
from tests.feedback.conftest import make_request

HUMAN = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605"


@pytest.fixture(autouse=True)
def fresh_pages() -> Iterator[None]:
    public._thanks.clear()
    yield
    public._thanks.clear()


@pytest.fixture
def browser() -> Client:
    return Client(headers={"user-agent": HUMAN}, enforce_csrf_checks=True)


def url(token: str) -> str:
    return f"/s/{token}/"


def test_survey_page(browser: Client, token: str, organization: Organization, survey_request: SurveyRequest) -> None:
    page = browser.get(url(token))
    html = page.content.decode()
    assert page.status_code == 200
    assert organization.name in html
    assert "Harbour Street" in html
    assert html.count('type="radio"') == 5
    assert "checked" not in html, "no rating is suggested"
    survey_request.link.refresh_from_db()
    assert survey_request.link.first_opened_at is not None
    assert survey_request.link.used_at is None


def test_no_cookie_and_private_headers_on_every_answer(browser: Client, token: str) -> None:
    answers = [
        browser.get(url(token)),
        browser.post(url(token), {"stars": ""}),
        browser.post(url(token), {"stars": "4"}),
        browser.get(url(token)),
        browser.get(url("forged")),
    ]
    assert [answer.status_code for answer in answers] == [200, 422, 200, 410, 404]
    for answer in answers:
        assert not answer.cookies
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"] == "no-store"
        assert "noindex" in answer["X-Robots-Tag"]
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Request-Id"]
        assert not re.search(rb'(src|href)="(https?:)?//', answer.content), "nothing from elsewhere"


def test_answer_and_thanks(browser: Client, token: str) -> None:
    page = browser.post(url(token), {"stars": "5", "comment": "Great\r\nteam", "form_key": "k"})
    assert page.status_code == 200
    assert "Thank you" in page.content.decode()
    assert Response.objects.get().comment == "Great\nteam"


def test_double_click_is_thanked_and_a_second_person_is_not(browser: Client, token: str) -> None:
    for _ in range(2):
        assert browser.post(url(token), {"stars": "5", "form_key": "k"}).status_code == 200
    second = browser.post(url(token), {"stars": "1", "form_key": "other"})
    assert second.status_code == 410
    assert "Already answered" in second.content.decode()
    assert Response.objects.get().stars == 5


def test_error_stands_beside_the_field_and_nothing_is_lost(browser: Client, token: str) -> None:
    typed = "<b>bold</b> " + "x" * 500
    page = browser.post(url(token), {"stars": "", "comment": typed, "form_key": "k<1"})
    html = page.content.decode()
    assert page.status_code == 422
    assert "&lt;b&gt;bold&lt;/b&gt; " + "x" * 500 in html
    assert "k&lt;1" in html
    assert "Choose one to five stars." in html
    assert "512 characters; up to 500 fit" in html
    assert 'aria-invalid="true"' in html
    assert not Response.objects.exists()
    assert browser.post(url(token), {"stars": "3", "comment": "short"}).status_code == 200


@pytest.mark.parametrize("data", [{}, {"stars": "9"}, {"stars": ["1", "x"]}, {"comment": "only text"}])
def test_incomplete_answer(browser: Client, token: str, data: dict[str, object]) -> None:
    assert browser.post(url(token), data).status_code == 422


def test_body_that_is_no_form(browser: Client, token: str) -> None:
    answer = browser.post(url(token), b"\xff\xfe{]", content_type="application/json")
    assert answer.status_code == 422
    assert browser.post(url(token), {"stars": "5", "comment": "x" * 3_000_000}).status_code == 400
    assert browser.put(url(token)).status_code == 405
    assert browser.delete(url(token)).status_code == 405


def test_forged_and_expired_links_cost_no_query(
    browser: Client, customer, visit, now: datetime, django_assert_num_queries
) -> None:
    old = tokens.write(make_request(customer, visit, now - timedelta(hours=49)).link)
    for address, status, words in [(url("x" * 200), 404, "does not exist"), (url(old), 410, "has expired")]:
        for method in (browser.get, browser.head, lambda path: browser.post(path, {"stars": "5"})):
            with django_assert_num_queries(0):
                answer = method(address)
            assert answer.status_code == status
            assert words in answer.content.decode() or method == browser.head


def test_revoked_link(browser: Client, survey_request: SurveyRequest, token: str, member: Membership) -> None:
    link_actions.revoke(survey_request.link, by=member, now=timezone.now())
    for answer in (browser.get(url(token)), browser.post(url(token), {"stars": "5"})):
        assert answer.status_code == 410
        assert "taken back" in answer.content.decode()


def test_a_thousand_scanners_leave_the_link_usable(token: str, survey_request: SurveyRequest) -> None:
    scanner = Client(headers={"user-agent": "Mozilla/5.0 (compatible; SafeLinks scanner)"})
    for number in range(1000):
        assert (scanner.head if number % 2 else scanner.get)(url(token)).status_code == 200
    survey_request.link.refresh_from_db()
    assert survey_request.link.is_opened_by_machine
    assert Client().post(url(token), {"stars": "4"}).status_code == 200


def test_head_writes_nothing(browser: Client, token: str) -> None:
    before = OneTimeLink.objects.values().get()
    answer = browser.head(url(token))
    assert (answer.status_code, answer.content) == (200, b"")
    assert OneTimeLink.objects.values().get() == before


def test_opened_is_written_once(browser: Client, token: str, django_assert_num_queries) -> None:
    browser.get(url(token))
    with django_assert_num_queries(2):
        browser.get(url(token))


def test_an_answer_costs_one_statement(browser: Client, customer, now: datetime, django_assert_max_num_queries) -> None:
    first, second = (tokens.write(make_request(customer, None, now).link) for _ in range(2))
    browser.post(url(first), {"stars": "5"})
    # SQLite: BEGIN, UPDATE, INSERT, INSERT, COMMIT. PostgreSQL's one statement goes past Django's log.
    with django_assert_max_num_queries(5):
        assert browser.post(url(second), {"stars": "5"}).status_code == 200


@pytest.mark.parametrize(
    ("query", "header", "language", "expected"),
    [
        ("", "", "en", "How was your visit?"),
        ("", "", "de", "Wie war Ihr Besuch?"),
        ("", "de-AT,de;q=0.9", "en", "Wie war Ihr Besuch?"),
        ("", "fr,en;q=0.5", "de", "How was your visit?"),
        ("?lang=de", "en", "en", "Wie war Ihr Besuch?"),
        ("?lang=xx", "", "de", "Wie war Ihr Besuch?"),
        ("?lang=%00", "", "en", "How was your visit?"),
        ("", "zz;q=x,,;;", "en", "How was your visit?"),
    ],
)
def test_language(
    survey_request: SurveyRequest, token: str, query: str, header: str, language: str, expected: str
) -> None:
    SurveyRequest.objects.update(language=language)
    html = Client().get(url(token) + query, headers={"accept-language": header}).content.decode()
    assert expected in html


def test_thanks_in_the_language_of_the_form(token: str) -> None:
    page = Client().post(url(token) + "?lang=de", {"stars": "5"})
    assert "Vielen Dank" in page.content.decode()
    assert Response.objects.get().language == "de"


def test_thanks_and_language_of_the_customer_when_nothing_else_is_known(token: str) -> None:
    SurveyRequest.objects.update(language="de")
    page = Client().post(url(token), {"stars": "5"})
    assert "Vielen Dank" in page.content.decode()
    assert Response.objects.get().language == "de"


def test_own_words_are_escaped(browser: Client, token: str, organization: Organization) -> None:
    SurveySettings.objects.create(
        organization=organization,
        wording={"en": {"question": "<i>Well?</i>", "intro": "", "thanks": "Cheers & <b>bye</b>"}},
    )
    html = browser.get(url(token)).content.decode()
    assert "&lt;i&gt;Well?" in html
    assert "less than a minute" in html, "what is empty is said in our words"
    assert "Cheers &amp; &lt;b&gt;" in browser.post(url(token), {"stars": "5"}).content.decode()


def test_limits_by_link_and_by_address(browser: Client, token: str, customer, now: datetime) -> None:
    for _ in range(10):
        assert browser.post(url(token), {"stars": ""}).status_code == 422
    refusal = browser.post(url(token), {"stars": "5"})
    assert refusal.status_code == 429
    assert 1 <= int(refusal["Retry-After"]) <= 60
    assert refusal["Referrer-Policy"] == "no-referrer"
    codes = {browser.post(url(f"forged-{number}"), {"stars": "5"}).status_code for number in range(30)}
    assert codes == {404, 429}
    assert browser.get(url(token)).status_code == 200, "reading is never limited"


@pytest.mark.parametrize("has_logo", [True, False])
def test_logo_of_who_asks(browser: Client, token: str, organization: Organization, has_logo: bool) -> None:
    if has_logo:
        organization.logo.name = "logos/1.png"
        organization.save()
    pages = [browser.get(url(token)), browser.post(url(token), {"stars": "5", "comment": ""}, follow=True)]
    for page in pages:
        assert page.status_code == 200
        brand = page.content.decode().partition('<div class="brand">')[2].partition("</div>")[0]
        assert (f'<img src="{organization.logo_path}"' in brand) is has_logo, brand
        assert organization.name in brand
