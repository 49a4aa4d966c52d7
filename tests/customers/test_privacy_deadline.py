"""The clock of a request: one calendar month, once longer with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.core.models import AuditEntry
from apps.core.refused import Refused
from apps.customers.actions import privacy
from apps.customers.models import Customer, PrivacyKind, PrivacyRequest
from apps.customers.models.privacy import due_after

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("received", "months", "due"),
    [
        ("2026-01-15T10:00", 1, "2026-02-15"),
        ("2026-01-31T10:00", 1, "2026-02-28"),
        ("2028-01-31T10:00", 1, "2028-02-29"),
        ("2026-12-31T10:00", 1, "2027-01-31"),
        ("2026-11-30T10:00", 3, "2027-02-28"),
        # Already the next day in Berlin.
        ("2026-03-31T23:30", 1, "2026-05-01"),
        # Over the change of the clocks.
        ("2026-03-10T10:00", 1, "2026-04-10"),
    ],
)
def test_a_month_ends_on_the_day_of_the_same_number(received: str, months: int, due: str) -> None:
    end = due_after(datetime.fromisoformat(received).replace(tzinfo=UTC), BERLIN, months=months)
    assert end.astimezone(BERLIN).isoformat()[:19] == f"{due}T23:59:59"


def opened(customer: Customer, by: Membership, received_at: datetime) -> PrivacyRequest:
    return privacy.open_request(customer, kind=PrivacyKind.ACCESS, by=by, now=timezone.now(), received_at=received_at)


@pytest.mark.django_db
def test_an_organisation_may_promise_less(customer: Customer, organization: Organization, manager: Membership) -> None:
    privacy.change_settings(organization, deadline_days=10, export_days=7, needs_second_person=False, by=manager)
    received = timezone.now()
    row = opened(customer, manager, received)
    assert row.due_at == due_after(received, organization.zone, days=10)


@pytest.mark.django_db
def test_the_deadline_is_extended_once_with_a_reason(customer: Customer, manager: Membership) -> None:
    now = timezone.now()
    received = now - timedelta(days=20)
    row = opened(customer, manager, received)
    for fields, code in [
        ({"months": 3, "reason": "x"}, "bad_months"),
        ({"months": 0, "reason": "x"}, "bad_months"),
        ({"months": 2, "reason": " "}, "reason_missing"),
    ]:
        with pytest.raises(Refused) as refused:
            privacy.extend(row, **fields, by=manager, now=now)  # type: ignore[arg-type]
        assert refused.value.code == code

    row = privacy.extend(row, months=2, reason="Six years of orders", by=manager, now=now)
    assert row.due_at == due_after(received, row.organization.zone, months=3)
    assert (row.extended_at, row.details["extension"]) == (now, "Six years of orders")
    assert AuditEntry.objects.filter(action="privacy.extended", object_id=str(row.pk)).count() == 1
    with pytest.raises(Refused) as refused:
        privacy.extend(row, months=1, reason="Again", by=manager, now=now)
    assert refused.value.code == "extended_already"


@pytest.mark.django_db
def test_after_the_first_month_it_is_too_late(customer: Customer, manager: Membership) -> None:
    now = timezone.now()
    row = opened(customer, manager, now - timedelta(days=40))
    with pytest.raises(Refused) as refused:
        privacy.extend(row, months=1, reason="Late", by=manager, now=now)
    assert refused.value.code == "too_late"
    row.refresh_from_db()
    assert row.is_overdue(now) and row.extended_at is None


@pytest.mark.django_db
def test_extending_on_the_page(
    client_of: Callable[[Membership], Client], customer: Customer, manager: Membership
) -> None:
    browser = client_of(manager)
    row = opened(customer, manager, timezone.now())
    address = reverse("customers:privacy_extend", args=[row.pk])
    detail = reverse("customers:privacy_detail", args=[row.pk])
    assert address in browser.get(detail).content.decode()
    assert browser.post(address, {"months": "2", "reason": ""}).status_code == 422
    assert browser.post(address, {"months": "7", "reason": "x"}).status_code == 422
    assert browser.post(address, {"months": "1", "reason": "Much to look through"}).status_code == 302
    page = browser.get(detail).content.decode()
    assert "Much to look through" in page and address not in page
