"""Django's own mails become messages and never break a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.messaging import actions
from apps.messaging.models import Message, SuppressionReason
from apps.messaging.providers.base import MaybeAccepted, NotAccepted
from tests.messaging.conftest import Scripted

pytestmark = pytest.mark.django_db
Use = Callable[..., None]


@pytest.fixture(autouse=True)
def our_backend(settings: Any) -> None:
    settings.EMAIL_BACKEND = "apps.messaging.django_backend.EmailBackend"


def post(*to: str, subject: str = "Reset your password", **options: Any) -> int:
    letter = EmailMultiAlternatives(subject, "Text", to=list(to), **options)
    letter.attach_alternative("<p>Text</p>", "text/html")
    return letter.send()


def test_it_belongs_to_the_organisation_of_its_reader(
    organization: Organization, other_organization: Organization, stranger: Membership
) -> None:
    assert post(f"Boss <{stranger.user.email.upper()}>") == 1
    message = Message.objects.get()
    assert (message.organization, message.kind, message.is_transactional) == (other_organization, "account", True)
    assert (message.to_name, message.text, message.html) == ("Boss", "Text", "<p>Text</p>")


def test_whoever_writes_it_may_name_the_organisation(
    organization: Organization, other_organization: Organization, member: Membership
) -> None:
    post(member.user.email, headers={"X-Compass-Organization": str(other_organization.pk)})
    message = Message.objects.get()
    assert (message.organization, message.headers) == (other_organization, {})


def test_else_the_first_organisation(organization: Organization, other_organization: Organization) -> None:
    post("new@example.com")
    assert Message.objects.get().organization == organization


def test_each_recipient_gets_their_own(organization: Organization) -> None:
    assert post("a@example.com", "b@example.com") == 1
    assert sorted(Message.objects.values_list("to_address", flat=True)) == ["a@example.com", "b@example.com"]


def test_what_cannot_be_sent_breaks_no_page(organization: Organization) -> None:
    actions.suppress(
        "dead@example.com",
        organization_id=organization.pk,
        reason=SuppressionReason.HARD_BOUNCE,
        now=timezone.now(),
    )
    assert post("dead@example.com") == 0
    assert post("nonsense") == 0
    assert post("dead@example.com", "alive@example.com") == 1


@pytest.mark.parametrize("error", [NotAccepted("away"), MaybeAccepted("?")])
def test_before_there_is_an_organisation(db: None, use: Use, error: Exception) -> None:
    provider = Scripted()
    use(provider)
    assert post("first@example.com") == 1
    assert provider.mails[0].from_name == "Customer Compass"
    assert not Message.objects.exists()
    use(Scripted(script=[error]))
    assert post("first@example.com") == 0
    use(Scripted(script=[NotAccepted("away")]), provider)
    assert post("first@example.com") == 1
    assert len(provider.mails) == 2


def test_a_header_of_somebody_elses(organization: Organization) -> None:
    assert mail.send_mail("Hi\nBcc: all@example.com", "x", None, ["a@example.com"]) == 0
    assert not Message.objects.exists()
