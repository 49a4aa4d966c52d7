"""A customer of several records is one everywhere: visits, consent, timeline, lists, two at once."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Membership, Organization
from apps.customers import actions, queries
from apps.customers.actions import VisitDraft
from apps.customers.identity import Seen
from apps.customers.models import (
    ConsentEntry,
    Customer,
    TimelineEntry,
)
from tests.customers.conftest import Capture, record

pytestmark = pytest.mark.django_db


def test_returning_by_second_address_is_the_head(
    organization: Organization, manager: Membership, see: Any, now: datetime, capture: Capture
) -> None:
    ada = capture("Ada").customer
    work = record(organization, now, "Ada at work", email="ada@work.example")
    see(work, ("email", "ada@work.example"))
    actions.merge(work, ada, by=manager, now=now)
    visit = capture("Ada", email="ada@work.example")
    assert visit.customer_id == ada.pk
    assert visit.customer.email == "ada@example.com"
    assert capture("Ada", email="", customer_id=work.pk).customer_id == ada.pk


def test_consent_is_the_last_word_of_any_record(
    organization: Organization, manager: Membership, now: datetime, capture: Capture
) -> None:
    ada = capture("Ada", has_email_consent=True).customer
    work = capture("Ada", email="ada@work.example", has_email_consent=True).customer
    actions.withdraw_consent(work, purpose="survey", channel="email", method="unsubscribe", by=manager, now=now)
    assert ConsentEntry.objects.is_given(ada, "survey", "email")
    head = actions.merge(ada, work, by=manager, now=now)
    filters = queries.CustomerFilters(consent="no")
    for customer in (head, Customer.objects.get(pk=work.pk)):
        assert not ConsentEntry.objects.is_given(customer, "survey", "email")
    assert list(queries.customers(organization, filters)) == [head]
    assert '"survey_consent":false' in queries.customer_json(organization).rows[0].replace(" ", "")
    states = {(state.purpose, state.channel): state.is_given for state in queries.consent_states(head)}
    assert states["survey", "email"] is False
    assert len(queries.timeline_page(head).rows) == TimelineEntry.objects.count()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_two_at_once_end_as_one_customer(organization: Organization, manager: Membership, now: datetime) -> None:
    both = threading.Barrier(4)
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            both.wait()
            if number % 2:
                draft = VisitDraft("Ada", email="ada@example.com", mobile="0151 23456789")
                actions.capture_visit(draft, organization=organization, by=manager, now=now)
            else:
                customer = record(organization, now, "Ada")
                names = [Seen("email", "ada@example.com"), Seen("external", str(number), "shop")]
                actions.observe(customer, names, source="shop", by=manager, now=now)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert Customer.objects.heads().count() == 1
    assert 2 <= Customer.objects.count() <= 3
    head = Customer.objects.heads().get()
    assert set(Customer.objects.exclude(pk=head.pk).values_list("merged_into", flat=True)) == {head.pk}
