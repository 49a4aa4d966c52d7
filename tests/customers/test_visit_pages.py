"""The page of a new visit: what is shown, what is refused, what is recorded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.customers import actions
from apps.customers.actions import StaffDetails
from apps.customers.models import Branch, ConsentEntry, Customer, Notice, Visit
from tests.customers.conftest import NASTY, page, typed

SignIn = Callable[[Membership], Client]


def test_new_visit_shows_the_notice_and_no_tick(counter: Client) -> None:
    html = page(counter, "/visits/new/")
    assert Notice.objects.get().text in html
    assert "checked" not in html


def test_new_visit_is_recorded_and_says_what_comes_next(counter: Client, branch: Branch) -> None:
    response = counter.post("/visits/new/", typed(counter, branch=branch.pk, email_consent="on"), follow=True)
    visit = Visit.objects.get()
    assert response.redirect_chain == [(f"/visits/{visit.pk}/", 302)]
    entry = ConsentEntry.objects.get()
    assert (entry.notice, entry.method) == (Notice.objects.get(), "counter")
    assert "Visit recorded" in response.content.decode()


def test_double_submit_is_one_visit(counter: Client) -> None:
    body = typed(counter)
    first, second = (counter.post("/visits/new/", body) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Visit.objects.count() == 1


def test_words_that_were_shown_are_recorded_although_they_changed_meanwhile(
    counter: Client, organization: Organization, manager: Membership
) -> None:
    body = typed(counter, email_consent="on")
    shown = Notice.objects.get()
    actions.publish_notice(
        organization, purpose="survey", language="en", text="Other words", by=manager, now=timezone.now()
    )
    counter.post("/visits/new/", body)
    assert ConsentEntry.objects.get().notice == shown


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "id_name_error"),
        ({"name": "x" * 201}, "id_name_error"),
        ({"name": "A\x00"}, "id_name_error"),
        ({"email": "ada@"}, "id_email_error"),
        ({"email": "x" * 300}, "id_email_error"),
        ({"email": ""}, "id_email_error"),
        ({"mobile": "12"}, "id_mobile_error"),
        ({"purpose": ""}, "id_purpose_error"),
        ({"purpose": "x" * 201}, "id_purpose_error"),
        ({"branch": "999999"}, "id_branch_error"),
        ({"branch": "x"}, "id_branch_error"),
        ({"staff_member": "999999"}, "id_staff_member_error"),
        ({"customer": "9" * 17}, "id_name_error"),
        ({"form_key": ""}, "notice tone-bad"),
    ],
)
def test_errors_stand_beside_the_field_and_nothing_typed_is_lost(
    counter: Client, change: dict[str, object], words: str
) -> None:
    body = typed(counter, mobile="0151 23456789", email_consent="on") | change
    response = counter.post("/visits/new/", body)
    html = response.content.decode()
    assert response.status_code == 422
    assert words in html
    assert "checked" in html
    for name in {"email", "mobile", "purpose"} - change.keys():
        assert f'value="{body[name]}"' in html
    assert not Visit.objects.exists()


@pytest.mark.parametrize("number", ["x", "-1", "9" * 30, "²"])
def test_returning_customer_with_a_number_that_is_none(counter: Client, number: str) -> None:
    assert counter.post("/visits/new/", typed(counter, customer=number)).status_code == 422
    page(counter, f"/visits/new/?customer={number}")


@pytest.mark.parametrize("text", NASTY)
def test_nasty_text_is_printed_as_text(counter: Client, text: str) -> None:
    response = counter.post("/visits/new/", typed(counter, name=text, purpose=text), follow=True)
    pk = Customer.objects.get().pk
    for html in (response.content.decode(), page(counter, "/customers/"), page(counter, f"/customers/{pk}/")):
        assert "<script>alert" not in html
        assert "\u202e" not in html


def test_returning_customer_is_filled_in(counter: Client, customer: Customer) -> None:
    html = page(counter, f"/visits/new/?customer={customer.pk}")
    assert 'value="ada@example.com"' in html
    assert "there is no need to ask again" in html


def test_the_signed_in_person_is_the_staff_member(
    counter: Client, organization: Organization, branch: Branch, member: Membership, manager: Membership
) -> None:
    person = actions.create_staff_member(
        StaffDetails("Jo", branch, member.user_id), organization=organization, by=manager
    )
    form = counter.get("/visits/new/").context["form"]
    assert (form["staff_member"].value(), form["branch"].value()) == (person.pk, branch.pk)


def test_type_ahead_answers_options(counter: Client, customer: Customer) -> None:
    html = page(counter, "/visits/customers/?q=love")
    assert f'data-value="{customer.pk}"' in html
    assert "&quot;email&quot;: &quot;ada@example.com&quot;" in html
    assert "<li" not in page(counter, "/visits/customers/?q=nobody")
