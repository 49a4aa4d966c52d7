"""The worker: claim, hand over, fail over, write down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from apps.accounts.models import Organization
from apps.messaging import actions
from apps.messaging.models import Message, MessageState, Suppression, SuppressionReason
from apps.messaging.providers.base import MaybeAccepted, NotAccepted, RecipientRefused
from apps.messaging.providers.outbox import Outbox
from tests.messaging.conftest import Clock, Scripted, announced, sent_to, states

pytestmark = pytest.mark.django_db
Write = Callable[..., Message]
Use = Callable[..., None]


def test_an_accepted_mail(write: Write, use: Use, clock: Clock) -> None:
    provider = Scripted()
    use(provider)
    message = write()
    assert actions.send_due(clock=clock) == 1
    message.refresh_from_db()
    assert (message.state, message.provider, message.provider_message_id) == ("accepted", "smtp", "smtp-1")
    assert (message.attempts, message.accepted_at) == (1, clock.now)
    assert announced() == ["MessageAccepted"]
    assert provider.mails[0].message_id == message.message_id
    assert actions.send_due(clock=clock) == 0, "nothing is sent twice"


def test_the_embedded_mode_keeps_the_mail(write: Write, use: Use, clock: Clock) -> None:
    use(Outbox())  # type: ignore[arg-type]
    message = write()
    actions.send_due(clock=clock)
    message.refresh_from_db()
    assert (message.state, message.provider, message.delivered_at) == ("delivered", "outbox", clock.now)
    assert announced() == ["MessageAccepted", "MessageDelivered"]


def test_the_row_says_sending_before_the_network_is_touched(write: Write, use: Use, clock: Clock) -> None:
    message = write()
    seen: list[tuple[str, str, int]] = []
    use(
        Scripted(
            "ses",
            before=lambda _: seen.extend(
                Message.objects.filter(pk=message.pk).values_list("state", "provider", "attempts")
            ),
        )
    )
    actions.send_due(clock=clock)
    assert seen == [("sending", "ses", 1)]


def test_failing_over_before_acceptance(write: Write, use: Use, clock: Clock) -> None:
    first, second = Scripted("sendgrid", [NotAccepted("503")]), Scripted("smtp")
    use(first, second)
    message = write()
    actions.send_due(clock=clock)
    message.refresh_from_db()
    assert (message.state, message.provider, message.attempts) == ("accepted", "smtp", 1)
    assert first.mails[0].id == second.mails[0].id


@pytest.mark.parametrize("error", [RecipientRefused("5.1.1", "550 no such user"), MaybeAccepted("time-out")])
def test_never_failing_over_after_that(write: Write, use: Use, clock: Clock, error: Exception) -> None:
    second = Scripted("smtp")
    use(Scripted("sendgrid", [error]), second)
    write()
    actions.send_due(clock=clock)
    assert second.mails == []


def test_an_unknown_mail_stays_unknown(write: Write, use: Use, clock: Clock) -> None:
    provider = Scripted(script=[MaybeAccepted("no answer")])
    use(provider)
    message = write()
    actions.send_due(clock=clock)
    for _ in range(10):
        clock.move(hours=5)
        actions.send_due(clock=clock)
        actions.mark_abandoned(now=clock.now)
    message.refresh_from_db()
    assert (message.state, len(provider.mails)) == ("unknown", 1)
    assert announced() == ["MessageUnknown"]


def test_a_mistake_of_ours_counts_as_unknown(write: Write, use: Use, clock: Clock) -> None:
    use(Scripted(script=[ValueError("oops")]), Scripted("ses"))
    message = write()
    actions.send_due(clock=clock)
    message.refresh_from_db()
    assert (message.state, message.last_error) == ("unknown", "ValueError: oops")


@pytest.mark.parametrize(
    ("status", "bounce_class", "is_suppressed"),
    [
        ("5.1.1", "hard", True),
        ("550", "hard", True),
        ("5.2.2", "soft", False),
        ("5.7.1", "policy", False),
        ("5.7.26", "policy", False),
        ("554", "policy", False),
    ],
)
def test_a_refused_recipient(
    write: Write, use: Use, clock: Clock, status: str, bounce_class: str, is_suppressed: bool
) -> None:
    use(Scripted(script=[RecipientRefused(status, f"550 {status} no")]))
    message = write()
    actions.send_due(clock=clock)
    message.refresh_from_db()
    assert (message.state, message.bounce_class) == ("bounced", bounce_class)
    assert Suppression.objects.filter(address="mia@example.com").exists() is is_suppressed
    assert announced() == ["MessageBounced"]


def test_everybody_away_means_later(write: Write, use: Use, clock: Clock) -> None:
    away = [NotAccepted("away")] * 20
    use(Scripted("sendgrid", list(away)), Scripted("smtp", list(away)))
    message = write()
    actions.send_due(clock=clock)
    message.refresh_from_db()
    assert (message.state, message.state_choice, message.is_delayed) == ("queued", MessageState.DELAYED, True)
    assert clock.now < message.next_attempt_at <= clock.now + timedelta(minutes=1)
    assert announced() == ["MessageDelayed"]
    assert actions.send_due(clock=clock) == 0, "it backs off"
    clock.now = message.next_attempt_at
    actions.send_due(clock=clock)
    assert announced() == ["MessageDelayed"], "one piece of news is told once"


def test_giving_up_after_six_attempts(write: Write, use: Use, clock: Clock) -> None:
    provider = Scripted(script=[NotAccepted("away")] * 20)
    use(provider)
    message = write()
    for _ in range(12):
        actions.send_due(clock=clock)
        message.refresh_from_db()
        clock.now = max(clock.now, message.next_attempt_at)
    assert (message.state, message.attempts, len(provider.mails)) == ("failed", 6, 6)
    assert clock.now <= message.give_up_at, "all six fit into a day"
    assert announced() == ["MessageDelayed", "MessageFailed"]
    assert states(message) == ["delayed"] * 5 + ["failed"]


def test_giving_up_after_a_day(write: Write, use: Use, clock: Clock) -> None:
    use(Scripted(script=[NotAccepted("busy", retry_after_seconds=90_000)]))
    message = write()
    actions.send_due(clock=clock)
    message.refresh_from_db()
    assert message.state == "failed"


def test_a_provider_that_asks_for_patience_gets_it(write: Write, use: Use, clock: Clock) -> None:
    use(Scripted(script=[NotAccepted("429", retry_after_seconds=600)]))
    message = write()
    actions.send_due(clock=clock)
    message.refresh_from_db()
    assert message.next_attempt_at >= clock.now + timedelta(minutes=10)


def test_without_any_provider_mails_wait(write: Write, use: Use, clock: Clock) -> None:
    use()
    message = write()
    actions.send_due(clock=clock)
    message.refresh_from_db()
    assert message.is_delayed
    assert "No mail provider" in message.last_error


def test_suppressed_since_it_was_written(organization: Organization, write: Write, use: Use, clock: Clock) -> None:
    provider = Scripted()
    use(provider)
    message = write()
    actions.suppress(
        "mia@example.com", organization_id=organization.pk, reason=SuppressionReason.COMPLAINT, now=clock.now
    )
    actions.send_due(clock=clock)
    message.refresh_from_db()
    assert (message.state, provider.mails) == ("suppressed", [])
    assert announced() == ["MessageFailed"]


def test_a_secret_way_in_is_forgotten_once_it_left_the_house(write: Write, use: Use, clock: Clock) -> None:
    use(Scripted())
    account, survey = write(kind="account"), write()
    actions.send_due(clock=clock)
    account.refresh_from_db()
    survey.refresh_from_db()
    assert (account.text, account.html) == ("", "")
    assert survey.text


def test_a_slow_worker_puts_back_what_it_has_not_begun(write: Write, use: Use, clock: Clock) -> None:
    provider = Scripted(before=lambda _: clock.move(minutes=3))
    use(provider)
    for number in range(3):
        write(to_address=f"p{number}@example.com")
    actions.send_due(clock=clock)
    assert sent_to(provider.mails) == ["p0@example.com"]
    assert Message.objects.due(clock.now).count() == 2, "at once, without waiting for the lease"


def test_a_batch_is_bounded_and_oldest_first(write: Write, use: Use, clock: Clock, now: datetime) -> None:
    provider = Scripted()
    use(provider)
    write(to_address="late@example.com")
    write(to_address="early@example.com", now=now - timedelta(minutes=1))
    assert actions.send_due(clock=clock, limit=1) == 1
    assert sent_to(provider.mails) == ["early@example.com"]
