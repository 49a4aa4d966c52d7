"""The page on which customers choose themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership, Organization
from apps.customers import actions, ledger
from apps.customers.models import ConsentEntry, ConsentMethod, Customer, Identifier, Notice
from apps.feedback import actions as feedback
from apps.messaging import actions as messaging
from apps.messaging import unsubscribing
from apps.messaging.models import Message

pytestmark = pytest.mark.django_db
YES = {"survey.email": "on"}


@pytest.fixture
def mail(customer: Customer, member: Membership, now: datetime) -> Message:
    request = feedback.request_survey(customer, by=member, now=now)
    message = feedback.write_mail(request, now=now)
    assert message is not None
    return message


@pytest.fixture
def address(mail: Message) -> str:
    found = re.search(r"https?://[^/]+(/p/\S+)", mail.text)
    assert found
    return found.group(1)


def given(customer: Customer) -> set[tuple[str, str]]:
    return {place for place, line in ledger.states(customer).items() if line.is_given}


def test_every_mail_leads_there(mail: Message) -> None:
    url = unsubscribing.preferences_address_of(mail.public_id)
    assert url in mail.text and url in mail.html
    assert unsubscribing.PREFERENCES_PLACEHOLDER not in mail.text + mail.html
    assert url not in str(mail.headers)


def test_it_shows_what_holds_and_the_words(client: Client, address: str) -> None:
    response = client.get(address)
    page = response.content.decode()

    assert response.status_code == 200
    assert re.search(r'name="survey.email" checked', page)
    assert not re.search(r'name="marketing.email" checked', page)
    assert Notice.objects.get(purpose="marketing").text in page
    assert "<script" not in page
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    assert "noindex" in response["X-Robots-Tag"]


def test_a_tick_writes_a_line_with_the_words_shown(client: Client, customer: Customer, address: str) -> None:
    client.get(address)
    shown = Notice.objects.get(purpose="marketing")
    response = client.post(address, {**YES, "marketing.email": "on", "notice.marketing": shown.pk})

    assert "Your choices are saved." in response.content.decode()
    line = ConsentEntry.objects.latest("id")
    assert (line.purpose, line.channel, line.action, line.method) == (
        "marketing",
        "email",
        "given",
        ConsentMethod.PREFERENCES,
    )
    assert (line.notice, line.by_label) == (shown, "customer")
    assert given(customer) == {("survey", "email"), ("marketing", "email")}


def test_the_words_are_those_that_were_shown_not_newer_ones(
    client: Client, customer: Customer, address: str, admin_member: Membership, now: datetime
) -> None:
    client.get(address)
    shown = Notice.objects.get(purpose="marketing")
    actions.publish_notice(
        customer.organization, purpose="marketing", language="en", text="Other words", by=admin_member, now=now
    )
    client.post(address, {**YES, "marketing.email": "on", "notice.marketing": shown.pk})
    assert ConsentEntry.objects.latest("id").notice == shown


def test_a_strangers_words_are_never_taken_for_ours(
    client: Client, other_organization: Organization, address: str, now: datetime
) -> None:
    theirs = actions.current_notice(other_organization, "marketing", "en", now=now)
    client.post(address, {**YES, "marketing.email": "on", "notice.marketing": theirs.pk})
    line = ConsentEntry.objects.latest("id")
    assert line.notice is not None and line.notice.organization_id == line.organization_id


def test_no_tick_withdraws_and_the_same_again_adds_nothing(client: Client, customer: Customer, address: str) -> None:
    client.post(address, {})
    assert given(customer) == set()
    lines = ConsentEntry.objects.count()
    client.post(address, {})
    assert ConsentEntry.objects.count() == lines


def test_stop_everything(client: Client, customer: Customer, address: str) -> None:
    client.post(address, {**YES, "marketing.sms": "on"})
    assert given(customer) == {("survey", "email"), ("marketing", "sms")}
    response = client.post(address, {**YES, "stop": "1"})

    assert "Everything is stopped." in response.content.decode()
    assert given(customer) == set()
    assert len(ledger.states(customer)) == 16


def test_without_a_number_only_mail_is_offered(
    client: Client, capture: Callable[..., Any], member: Membership, now: datetime
) -> None:
    customer = capture("Bob", email="bob@example.com", has_email_consent=True).customer
    message = feedback.write_mail(feedback.request_survey(customer, by=member, now=now), now=now)
    assert message is not None
    path = "/" + unsubscribing.preferences_address_of(message.public_id).split("/", 3)[3]

    assert "marketing.sms" not in client.get(path).content.decode()
    client.post(path, {**YES, "marketing.sms": "on"})
    assert given(customer) == {("survey", "email")}


def test_a_secondary_address_reaches_the_same_customer(
    client: Client, customer: Customer, organization: Organization, now: datetime
) -> None:
    Identifier.objects.create(
        organization=organization,
        customer=customer,
        kind="email",
        value="ada@work.example",
        source="x",
        first_seen_at=now,
    )
    draft = messaging.Draft(kind="test", to_address="ada@work.example", subject="x", text="x")
    message = messaging.send(draft, organization=organization, now=now)
    path = "/" + unsubscribing.preferences_address_of(message.public_id).split("/", 3)[3]

    client.post(path, {"stop": "1"})
    assert given(customer) == set()


def test_german_is_complete(client: Client, customer: Customer, address: str) -> None:
    Customer.objects.filter(pk=customer.pk).update(language="de")
    page = client.get(address).content.decode()
    assert '<html lang="de"' in page
    for words in (
        "Umfragen",
        "Angebote und Neuigkeiten",
        "Meine Auswahl speichern",
        "Alles beenden",
        "Ich willige ein",
    ):
        assert words in page, words
    for english in ("Save my choices", "Stop everything", "I agree", "Without a tick", "E-mail<"):
        assert english not in page, english


def test_nothing_can_be_guessed(client: Client, mail: Message, address: str) -> None:
    token = address.split("/")[2]
    body, signature = token.rsplit(".", 1)
    forged = [
        f"/p/{body}.{signature[:-1]}{'A' if signature[-1] != 'A' else 'B'}/",
        "/p/x/",
        f"/p/{unsubscribing.token_of(mail.public_id)}/",
        "/p/" + unsubscribing.preferences_address_of(__import__("uuid").uuid4()).rstrip("/").rpartition("/")[2] + "/",
    ]
    pages = [client.get(path) for path in forged]
    assert {page.status_code for page in pages} == {404}
    assert client.post(forged[2], {"stop": "1"}).status_code == 404
    Customer.objects.all().delete()
    assert client.get(address).status_code == 404


def test_as_of(customer: Customer, manager: Membership, now: datetime) -> None:
    later, last = now + timedelta(days=1), now + timedelta(days=2)
    said: dict[str, Any] = {"purpose": "survey", "channel": "email", "method": "counter", "by": manager}
    actions.withdraw_consent(customer, **said, now=later)
    actions.record_consent(customer, **said, now=last)

    assert not ledger.was_given(customer, "survey", "email", at=now - timedelta(seconds=1))
    assert ledger.was_given(customer, "survey", "email", at=now)
    assert ledger.was_given(customer, "survey", "email", at=later - timedelta(seconds=1))
    assert not ledger.was_given(customer, "survey", "email", at=later)
    assert ledger.was_given(customer, "survey", "email", at=last)
    assert not ledger.was_given(customer, "marketing", "email", at=last)
