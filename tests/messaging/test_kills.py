"""What a kill between any two steps of sending leaves, and workers that lost their lease."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.messaging import actions
from apps.messaging.actions import delivery
from apps.messaging.models import Message
from apps.messaging.providers.base import MaybeAccepted, NotAccepted, RecipientRefused
from tests.messaging.conftest import Clock, Scripted, announced, states

pytestmark = pytest.mark.django_db
Write = Callable[..., Message]
Use = Callable[..., None]


class Killed(BaseException):
    """As good as kill -9: nothing of ours catches it, and nothing after it happens."""


@pytest.mark.parametrize("step", ["_send", "_begin"])
def test_killed_with_the_claim_in_hand_it_is_sent_later(
    write: Write, use: Use, clock: Clock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    provider = Scripted()
    use(provider)
    message = write()

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(delivery, step, die)
        with pytest.raises(Killed):
            actions.send_due(clock=clock)
    message.refresh_from_db()
    assert (message.state, message.lease_until) == ("queued", clock.now + delivery.LEASE)
    assert actions.send_due(clock=clock) == 0, "the lease still holds"
    clock.now += delivery.LEASE
    assert actions.send_due(clock=clock) == 1
    message.refresh_from_db()
    assert (message.state, len(provider.mails), message.attempts) == ("accepted", 1, 1)


@pytest.mark.parametrize("step", ["_hand_to", "provider", "_accepted", "_refused", "_lost_sight", "_postpone"])
def test_killed_while_sending_nobody_knows(
    write: Write, use: Use, clock: Clock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    outcomes: dict[str, Exception] = {
        "_refused": RecipientRefused("5.1.1", "no"),
        "_lost_sight": MaybeAccepted("?"),
        "_postpone": NotAccepted("away"),
    }
    provider = Scripted(script=[outcomes[step]] if step in outcomes else [])
    use(provider)
    message = write()

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        target, name = (provider, "before") if step == "provider" else (delivery, step)
        broken.setattr(target, name, die)
        with pytest.raises(Killed):
            actions.send_due(clock=clock)
    message.refresh_from_db()
    assert message.state == "sending"
    assert actions.mark_abandoned(now=clock.now) == 0, "the lease still holds"
    clock.now += delivery.LEASE
    assert actions.send_due(clock=clock) == 0, "never sent again by itself"
    assert actions.mark_abandoned(now=clock.now) == 1
    assert actions.mark_abandoned(now=clock.now) == 0
    message.refresh_from_db()
    assert (message.state, announced()) == ("unknown", ["MessageUnknown"])
    assert actions.send_due(clock=clock) == 0


def test_a_worker_that_outlived_its_lease_does_not_send_what_another_one_took(
    write: Write, use: Use, clock: Clock
) -> None:
    fast = Scripted("smtp")
    use(fast)
    message = write()
    (slow_view,) = delivery._claim(clock.now, 10)
    clock.now += delivery.LEASE
    actions.send_due(clock=clock)
    delivery._send(slow_view, [fast], clock)
    assert len(fast.mails) == 1
    message.refresh_from_db()
    assert message.attempts == 1


def test_a_late_answer_is_still_heard(write: Write, use: Use, clock: Clock) -> None:
    def sweep(_: object) -> None:
        clock.now += delivery.LEASE
        actions.mark_abandoned(now=clock.now)

    use(Scripted(before=sweep))
    message = write()
    actions.send_due(clock=clock)
    message.refresh_from_db()
    assert message.state == "accepted"
    assert states(message) == ["unknown", "accepted"]


def test_a_late_refusal_of_everybody_queues_it_again(write: Write, use: Use, clock: Clock) -> None:
    def sweep(_: object) -> None:
        clock.now += delivery.LEASE
        actions.mark_abandoned(now=clock.now)

    use(Scripted(script=[NotAccepted("away")], before=sweep))
    message = write()
    actions.send_due(clock=clock)
    message.refresh_from_db()
    assert message.is_delayed
