"""A customer who was asked, and the link that they got."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Organization
from apps.customers.models import Branch, Customer, StaffMember, Visit
from apps.feedback.models import SurveyRequest
from apps.forms import actions as link_actions
from apps.forms import tokens
from apps.forms.models import LinkPurpose


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def branch(organization: Organization) -> Branch:
    return Branch.objects.create(organization=organization, name="Harbour Street", name_key="harbour street")


@pytest.fixture
def staff(organization: Organization, branch: Branch) -> StaffMember:
    return StaffMember.objects.create(organization=organization, name="Mehmet Öz", name_key="mehmet öz", branch=branch)


def make_customer(organization: Organization, name: str = "Ada Lovelace", email: str = "ada@example.com") -> Customer:
    return Customer.objects.create(organization=organization, name=name, email=email, language="en")


def make_visit(customer: Customer, branch: Branch | None, staff: StaffMember | None, now: datetime) -> Visit:
    return Visit.objects.create(
        organization=customer.organization,
        customer=customer,
        branch=branch,
        staff_member=staff,
        purpose="Eye test",
        visited_at=now,
        source="page",
    )


@pytest.fixture
def customer(organization: Organization) -> Customer:
    return make_customer(organization)


@pytest.fixture
def visit(customer: Customer, branch: Branch, staff: StaffMember, now: datetime) -> Visit:
    return make_visit(customer, branch, staff, now)


def make_request(customer: Customer, visit: Visit | None, now: datetime, hours: float = 48) -> SurveyRequest:
    """A request as it stands in the database, without its mail."""
    link = link_actions.issue(
        organization=customer.organization,
        purpose=LinkPurpose.SURVEY,
        expires_at=now + timedelta(hours=hours),
        now=now,
    )
    return SurveyRequest.objects.create(
        organization=customer.organization,
        customer=customer,
        visit=visit,
        branch=visit.branch if visit else None,
        staff_member=visit.staff_member if visit else None,
        link=link,
        language="en",
        recipient=customer.email,
        requested_at=now,
    )


@pytest.fixture
def survey_request(customer: Customer, visit: Visit, now: datetime) -> SurveyRequest:
    return make_request(customer, visit, now - timedelta(minutes=10))


@pytest.fixture
def token(survey_request: SurveyRequest) -> str:
    return tokens.write(survey_request.link)


@pytest.fixture
def token_of() -> Callable[[SurveyRequest], str]:
    return lambda request: tokens.write(request.link)
