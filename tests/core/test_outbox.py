"""The outbox: an event exists exactly when its change does, and each subscriber acts once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Organization
from apps.core import outbox
from apps.core.models import HandledEvent, OutboxEvent


@dataclass(frozen=True, kw_only=True)
class LampLit(outbox.Event):
    lamp_id: int


@pytest.fixture
def heard() -> Iterator[list[int]]:
    calls: list[int] = []

    @outbox.subscribe(LampLit)
    def listen(event: LampLit) -> None:
        calls.append(event.lamp_id)
        if event.lamp_id < 0:
            raise ValueError("broken lamp")

    yield calls
    outbox.SUBSCRIBERS.pop(LampLit.name)


def light(organization: Organization, lamp_id: int = 7) -> OutboxEvent:
    with transaction.atomic():
        outbox.announce(LampLit(organization_id=organization.pk, lamp_id=lamp_id))
    return OutboxEvent.objects.latest("id")


@pytest.mark.django_db(transaction=True)
def test_announce_outside_a_transaction_is_a_programming_error(organization: Organization) -> None:
    with pytest.raises(RuntimeError, match="outside the transaction"):
        outbox.announce(LampLit(organization_id=organization.pk, lamp_id=1))


def test_event_vanishes_with_its_change(organization: Organization) -> None:
    with transaction.atomic():
        outbox.announce(LampLit(organization_id=organization.pk, lamp_id=1))
        transaction.set_rollback(True)
    assert not OutboxEvent.objects.exists()


def test_subscriber_hears_once(organization: Organization, heard: list[int]) -> None:
    event = light(organization)
    assert outbox.deliver_waiting(now=timezone.now()) == 1
    OutboxEvent.objects.update(delivered_at=None, next_attempt_at=timezone.now())
    assert outbox.deliver_waiting(now=timezone.now()) == 1, "delivered a second time, as after a kill"
    event.refresh_from_db()
    assert heard == [7]
    assert event.delivered_at is not None


def test_leased_event_is_left_alone_until_the_lease_ends(organization: Organization, heard: list[int]) -> None:
    light(organization)
    now = timezone.now()
    assert len(outbox._claim(now, 10)) == 1
    assert outbox.deliver_waiting(now=now) == 0
    assert outbox.deliver_waiting(now=now + outbox.LEASE) == 1
    assert heard == [7]


def test_failing_subscriber_backs_off_and_ends_as_dead_letter(organization: Organization, heard: list[int]) -> None:
    event = light(organization, lamp_id=-1)
    now = timezone.now()
    for attempt in range(1, outbox.MAX_ATTEMPTS + 1):
        outbox.deliver_waiting(now=now + timedelta(hours=attempt))
    event.refresh_from_db()
    assert event.is_dead
    assert "broken lamp" in event.last_error
    assert len(heard) == outbox.MAX_ATTEMPTS
    assert not HandledEvent.objects.exists(), "a failed handler leaves no receipt"
    assert outbox.deliver_waiting(now=now + timedelta(days=9)) == 0
    outbox.revive(event, now=now)
    assert outbox.deliver_waiting(now=now + timedelta(seconds=1)) == 1


def test_forget_delivered_keeps_waiting_and_dead(organization: Organization, heard: list[int]) -> None:
    light(organization)
    outbox.deliver_waiting(now=timezone.now())
    waiting = light(organization)
    outbox.forget_delivered(before=timezone.now() + timedelta(seconds=1))
    assert list(OutboxEvent.objects.values_list("pk", flat=True)) == [waiting.pk]
