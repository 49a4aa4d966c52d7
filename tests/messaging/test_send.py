"""Writing a message: the row, the refusals, the idempotency key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import Organization
from apps.core.audit import System
from apps.core.refused import Refused
from apps.messaging import actions, unsubscribing
from apps.messaging.models import BounceClass, Message, MessageState, SuppressionReason, SuppressionScope
from tests.messaging.conftest import announced, draft

pytestmark = pytest.mark.django_db


def test_a_message_is_a_row_with_everything_that_the_worker_needs(
    organization: Organization, write: Callable[..., Message], now: datetime
) -> None:
    organization.sender_email, organization.sender_name = "hello@harbour.example", "Harbour"
    organization.save()
    message = write(headers={"X-Note": "1"}, reply_to="desk@harbour.example", idempotency_key="request-12")
    assert (message.state, message.state_at, message.next_attempt_at) == (MessageState.QUEUED, now, now)
    assert message.to_address == "mia@example.com", "one spelling for each address"
    assert (message.from_name, message.from_address) == ("Harbour", "hello@harbour.example")
    assert message.message_id == f"<{message.public_id}@harbour.example>"
    assert message.headers == {"X-Note": "1"}


def test_the_same_key_is_the_same_message(organization: Organization, now: datetime) -> None:
    first = actions.send(draft(idempotency_key="k"), organization=organization, now=now)
    again = actions.send(draft(idempotency_key="k", subject="Other"), organization=organization, now=now)
    assert (again.pk, again.subject) == (first.pk, "How was it?")
    assert actions.send(draft(), organization=organization, now=now).pk != first.pk
    assert actions.send(draft(), organization=organization, now=now).pk != first.pk
    assert Message.objects.count() == 3


def test_the_key_is_the_organisations_own(
    organization: Organization, other_organization: Organization, now: datetime
) -> None:
    first = actions.send(draft(idempotency_key="k"), organization=organization, now=now)
    assert actions.send(draft(idempotency_key="k"), organization=other_organization, now=now).pk != first.pk


@pytest.mark.parametrize("address", ["", "   ", "mia", "mia@", "@example.com", "mia@exa mple.com", "a@" + "b" * 260])
def test_without_an_address_nothing_is_written(write: Callable[..., Message], address: str) -> None:
    with pytest.raises(Refused) as refusal:
        write(to_address=address)
    assert refusal.value.code == "no_address"
    assert not Message.objects.exists()


def test_a_domain_in_letters_of_its_own_becomes_ascii(write: Callable[..., Message]) -> None:
    assert write(to_address="info@müller.example").to_address == "info@xn--mller-kva.example"


BREAKS = ["\r\n", "\n", "\r", "\0", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x1c"]


@pytest.mark.parametrize("break_", BREAKS)
@pytest.mark.parametrize("name", ["subject", "to_name", "reply_to"])
def test_nobody_writes_headers_of_their_own(write: Callable[..., Message], name: str, break_: str) -> None:
    with pytest.raises(Refused) as refusal:
        write(**{name: f"a@example.com{break_}Bcc: all@example.com"})
    assert refusal.value.code == "bad_header"


@pytest.mark.parametrize(
    "headers",
    [{"X-Note": "a\nBcc: b"}, {"X-Note\r\nBcc": "b"}, {"X Note": "b"}, {"X-Note:": "b"}, {"X-Nöte": "b"}, {"": "b"}],
)
def test_further_headers_are_checked_too(write: Callable[..., Message], headers: dict[str, str]) -> None:
    with pytest.raises(Refused, match="line break"):
        write(headers=headers)


def test_the_sender_of_the_organisation_is_checked_too(
    organization: Organization, write: Callable[..., Message]
) -> None:
    organization.sender_name = "Harbour\r\nBcc: all@example.com"
    with pytest.raises(Refused):
        write()


def test_nul_in_the_bodies_is_dropped_and_long_subjects_are_cut(write: Callable[..., Message]) -> None:
    message = write(text="a\0b", html="<p>\0</p>", subject="x" * 600)
    assert (message.text, message.html, len(message.subject)) == ("ab", "<p></p>", 500)


@pytest.mark.parametrize("transactional", [True, False])
def test_suppressed_addresses_get_nothing(
    organization: Organization, write: Callable[..., Message], now: datetime, transactional: bool
) -> None:
    actions.suppress("mia@example.com", organization_id=organization.pk, reason=SuppressionReason.HARD_BOUNCE, now=now)
    with pytest.raises(Refused) as refusal:
        write(transactional=transactional)
    assert refusal.value.code == "suppressed"


def test_a_narrow_suppression_lets_transactional_mails_pass(
    organization: Organization, write: Callable[..., Message], now: datetime
) -> None:
    actions.suppress(
        "mia@example.com",
        organization_id=organization.pk,
        reason=SuppressionReason.MANUAL,
        scope=SuppressionScope.MARKETING,
        now=now,
    )
    assert write().pk
    with pytest.raises(Refused):
        write(transactional=False)


def test_unsubscribe_headers_and_the_address_in_the_bodies(write: Callable[..., Message]) -> None:
    message = write(unsubscribe=True, html=f'<a href="{unsubscribing.PLACEHOLDER}">no more</a>')
    address = unsubscribing.address_of(message.public_id)
    assert message.headers == {
        "List-Unsubscribe": f"<{address}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert message.html == f'<a href="{address}">no more</a>'


@pytest.mark.parametrize("state", [MessageState.UNKNOWN, MessageState.FAILED, MessageState.BOUNCED])
def test_a_person_can_send_again(write: Callable[..., Message], now: datetime, state: str) -> None:
    message = write()
    Message.objects.update(state=state, attempts=6, bounce_class=BounceClass.SOFT, lease_until=now)
    later = now + timedelta(days=2)
    again = actions.resend(message, by=System("test"), now=later)
    assert (again.state, again.attempts, again.next_attempt_at, again.lease_until) == ("queued", 0, later, None)
    assert (again.give_up_at, again.message_id) == (later + timedelta(hours=24), message.message_id)


@pytest.mark.parametrize("state", ["queued", "sending", "accepted", "delivered", "complained"])
def test_what_is_on_its_way_or_there_is_not_sent_again(
    write: Callable[..., Message], now: datetime, state: str
) -> None:
    message = write()
    Message.objects.update(state=state)
    with pytest.raises(Refused) as refusal:
        actions.resend(message, by=System("test"), now=now)
    assert refusal.value.code == "not_resendable"


def test_sending_again_to_a_dead_address_needs_its_release(
    organization: Organization, write: Callable[..., Message], now: datetime
) -> None:
    message = write()
    Message.objects.update(state="bounced")
    row = actions.suppress(
        "mia@example.com", organization_id=organization.pk, reason=SuppressionReason.HARD_BOUNCE, now=now
    )
    with pytest.raises(Refused) as refusal:
        actions.resend(message, by=System("test"), now=now)
    assert refusal.value.code == "suppressed"
    actions.release(row, by=System("test"), now=now, reason="it works again")
    assert actions.resend(message, by=System("test"), now=now).state == "queued"
    with pytest.raises(Refused):
        actions.release(row, by=System("test"), now=now, reason="it works again")


def test_unsubscribing_is_announced_once(write: Callable[..., Message], now: datetime) -> None:
    message: Any = write(purpose="survey")
    assert actions.unsubscribe(message, now=now)
    assert not actions.unsubscribe(message, now=now)
    assert announced() == ["Unsubscribed"]
