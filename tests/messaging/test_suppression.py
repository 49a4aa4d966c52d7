"""Addresses held back: hard and complaint at once, soft after three of five, and never for full or policy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from apps.accounts.models import Organization
from apps.core.audit import System
from apps.messaging import actions
from apps.messaging.actions import News
from apps.messaging.actions.outcome import SOFT_REST
from apps.messaging.bounces import class_of
from apps.messaging.models import BounceClass, Message, MessageState, Suppression, SuppressionReason
from tests.messaging.conftest import announced, states

pytestmark = pytest.mark.django_db
Write = Callable[..., Message]


def bounce(message: Message, bounce_class: str, now: datetime) -> None:
    news = News(state=MessageState.BOUNCED, at=now, bounce_class=bounce_class, detail="no")
    actions.record(message.pk, news, now=now)


def deliver(message: Message, now: datetime) -> None:
    actions.record(message.pk, News(state=MessageState.DELIVERED, at=now), now=now)


def test_soft_bounces_count_three_of_five(write: Write, now: datetime) -> None:
    mails = [write() for _ in range(5)]
    bounce(mails[0], BounceClass.SOFT, now)
    deliver(mails[1], now)
    bounce(mails[2], BounceClass.SOFT, now)
    deliver(mails[3], now)
    assert not Suppression.objects.exists()
    bounce(mails[4], BounceClass.SOFT, now)
    row = Suppression.objects.get()
    assert (row.reason, row.expires_at) == (SuppressionReason.SOFT_BOUNCES, now + SOFT_REST)


def test_older_soft_bounces_are_forgotten(write: Write, now: datetime) -> None:
    mails = [write() for _ in range(7)]
    for mail in mails[:2]:
        bounce(mail, BounceClass.SOFT, now)
    for mail in mails[2:6]:
        deliver(mail, now)
    bounce(mails[6], BounceClass.SOFT, now)
    assert not Suppression.objects.exists()


def test_policy_bounces_never_count(write: Write, now: datetime) -> None:
    for _ in range(6):
        bounce(write(), BounceClass.POLICY, now)
    assert not Suppression.objects.exists()


def test_a_soft_suppression_ends_and_counting_starts_anew(write: Write, now: datetime) -> None:
    mails = [write() for _ in range(3)]
    for mail in mails:
        bounce(mail, BounceClass.SOFT, now)
    later = now + SOFT_REST
    assert actions.release_run_out(now=later - timedelta(seconds=1)) == 0
    assert actions.release_run_out(now=later) == 1
    bounce(write(now=later + timedelta(seconds=1)), BounceClass.SOFT, later)
    assert not Suppression.objects.active(later).exists()


def test_a_lasting_reason_replaces_one_that_ends(organization: Organization, now: datetime) -> None:
    common = {"organization_id": organization.pk, "now": now}
    actions.suppress("a@b.example", reason=SuppressionReason.SOFT_BOUNCES, expires_at=now + SOFT_REST, **common)  # type: ignore[arg-type]
    actions.suppress("a@b.example", reason=SuppressionReason.HARD_BOUNCE, **common)  # type: ignore[arg-type]
    actions.suppress("a@b.example", reason=SuppressionReason.SOFT_BOUNCES, expires_at=now + SOFT_REST, **common)  # type: ignore[arg-type]
    row = Suppression.objects.get()
    assert (row.reason, row.expires_at) == (SuppressionReason.HARD_BOUNCE, None)


def test_a_released_address_can_be_suppressed_again(organization: Organization, now: datetime) -> None:
    for _ in range(2):
        row = actions.suppress(
            "a@b.example", organization_id=organization.pk, reason=SuppressionReason.HARD_BOUNCE, now=now
        )
        actions.release(row, by=System("test"), now=now, reason="it works again")
    assert Suppression.objects.count() == 2


def test_it_is_the_organisations_own_list(
    organization: Organization, other_organization: Organization, write: Write, now: datetime
) -> None:
    actions.suppress(
        "mia@example.com", organization_id=other_organization.pk, reason=SuppressionReason.HARD_BOUNCE, now=now
    )
    assert write().pk


def test_the_hash_holds_after_the_address_is_erased(write: Write, now: datetime) -> None:
    bounce(write(), BounceClass.HARD, now)
    Suppression.objects.update(address="")
    assert Suppression.objects.against("mia@example.com", is_transactional=True).exists()


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ("complained", "delivered", "complained"),
        ("bounced", "delivered", "bounced"),
        ("delivered", "accepted", "delivered"),
        ("accepted", "delivered", "delivered"),
        ("delivered", "bounced", "bounced"),
        ("delivered", "complained", "complained"),
        ("complained", "bounced", "complained"),
        ("failed", "accepted", "failed"),
        ("unknown", "delivered", "delivered"),
        ("delivered", "unknown", "delivered"),
    ],
)
def test_states_only_go_forward(write: Write, now: datetime, first: str, second: str, state: str) -> None:
    message = write()
    for each in (first, second):
        actions.record(message.pk, News(state=MessageState(each), at=now), now=now)
    message.refresh_from_db()
    assert message.state == state
    assert states(message) == [first, second], "the history keeps everything"


def test_the_same_event_is_heard_once(write: Write, now: datetime) -> None:
    message = write()
    news = News(state=MessageState.DELIVERED, at=now, provider="ses", provider_event_id="e1")
    assert actions.record(message.pk, news, now=now)
    assert not actions.record(message.pk, news, now=now)
    assert announced() == ["MessageDelivered"]


def test_a_delivered_mail_is_not_sent_again_after_a_provider_lied(write: Write, now: datetime) -> None:
    """The API said 500 but the mail went out: the webhook takes the queued row off the list."""
    message = write()
    actions.record(message.pk, News(state=MessageState.DELIVERED, at=now), now=now)
    assert not Message.objects.due(now).exists()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("5.1.1", "hard"),
        ("5.1.10", "hard"),
        ("5.2.1", "hard"),
        ("5.0.0", "hard"),
        ("5.1.8", "policy"),
        ("5.2.2", "soft"),
        ("5.2.3", "soft"),
        ("5.3.4", "soft"),
        ("5.7.1", "policy"),
        ("5.7.515", "policy"),
        ("4.2.2", "soft"),
        ("4.7.1", "soft"),
        ("452", "soft"),
        ("552", "soft"),
        ("553", "hard"),
        ("", "soft"),
    ],
)
def test_what_a_status_says_about_the_address(status: str, expected: str) -> None:
    assert class_of(status) == expected
