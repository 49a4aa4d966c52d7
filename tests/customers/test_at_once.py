"""The same thing done twice at one moment happens once."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest
from django.db import connection

from apps.accounts.models import Organization
from apps.customers import actions
from apps.customers.actions import VisitDraft
from apps.customers.models import Branch, ConsentEntry, Customer, StaffMember, TimelineEntry, Visit, VisitSource
from tests.conftest import make_member


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", [{"email": "ada@example.com"}, {"mobile": "0151 23456789"}])
def test_same_form_and_same_address_at_once(organization: Organization, address: dict[str, str]) -> None:
    member = make_member(organization)
    moment = datetime.fromisoformat("2026-03-29T12:00:00+00:00")
    start, errors = threading.Barrier(6), []

    def work(number: int) -> None:
        # Three people capture the same new customer; each of them presses the button twice.
        has_consent = "email" in address
        draft = VisitDraft("Ada", **address, has_email_consent=has_consent, form_key=f"form-{number // 2}")  # type: ignore[arg-type]
        try:
            start.wait()
            actions.capture_visit(draft, organization=organization, by=member, now=moment)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert (Customer.objects.count(), Visit.objects.count()) == (1, 3)
    assert ConsentEntry.objects.count() == ("email" in address), "the same yes to the same words is written once"
    assert TimelineEntry.objects.filter(kind="visit").count() == 3


@pytest.mark.django_db(transaction=True)
def test_machines_naming_the_same_new_branch_at_once(organization: Organization) -> None:
    member = make_member(organization)
    moment = datetime.fromisoformat("2026-03-29T12:00:00+00:00")
    start, errors = threading.Barrier(4), []

    def work(number: int) -> None:
        draft = VisitDraft(
            "Ada", email=f"{number}@example.com", branch_name="Pier", staff_name="Jo", source=VisitSource.API
        )
        try:
            start.wait()
            actions.capture_visit(draft, organization=organization, by=member, now=moment)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert (Branch.objects.count(), StaffMember.objects.count(), Visit.objects.count()) == (1, 1, 4)
