"""What follows from events: customers, consent, the timeline, announcements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.core.models import OutboxEvent
from apps.customers import actions as customers
from apps.customers.actions import CustomerDetails, privacy
from apps.customers.models import Channel, ConsentEntry, ConsentMethod, Customer, Identifier, Purpose, TimelineEntry
from apps.tracking import actions, queries
from apps.tracking.actions import PlanDetails, SettingsDetails
from apps.tracking.models import ChangedDay, Event, Source, Todo
from tests.tracking.conftest import Send, track


def follow() -> None:
    while actions.follow_next(now=timezone.now()):
        pass


def identify(number: int = 1, **fields: Any) -> dict[str, Any]:
    call = {"type": "identify", "userId": "42", "anonymousId": "device-1", "messageId": f"i-{number}"}
    return {**call, "traits": {"name": "Ann  Lee", "email": "Ann@Example.com", "phone": "+4915112345678"}, **fields}


def test_an_identification_makes_a_customer_once(send: Send) -> None:
    send({"batch": [identify(1), identify(2)]})
    assert Todo.objects.count() == 1
    follow()
    customer = Customer.objects.get()
    assert (customer.name, customer.email, customer.mobile) == ("Ann Lee", "ann@example.com", "+4915112345678")
    names = set(Identifier.objects.filter(customer=customer).values_list("kind", "value"))
    assert {("user_id", "42"), ("email", "ann@example.com"), ("anonymous_id", "device-1")} <= names
    assert not Todo.objects.exists()
    assert queries.persons_of(customer) == ["a:device-1", "u:42"]


def test_events_before_the_name_belong_to_the_customer(send: Send) -> None:
    send({"batch": [{"type": "page", "anonymousId": "device-1", "messageId": "p"}, identify()]})
    follow()
    activity = queries.activity_of(Customer.objects.get())
    assert (activity.count, {event.type for event in activity.newest}) == (2, {"page", "identify"})


def test_a_known_customer_is_found_by_address(send: Send, organization: Organization, admin_member: Membership) -> None:
    details = CustomerDetails("Ann of the shop", "ann@example.com")
    known = customers.create_customer(details, organization=organization, by=admin_member, now=timezone.now())
    send({"batch": [identify()]})
    follow()
    assert Customer.objects.get().pk == known.pk
    assert Customer.objects.get().name == "Ann of the shop"
    assert Identifier.objects.filter(customer=known, kind="user_id", value="42").exists()


def test_a_stand_in_name_is_replaced(send: Send) -> None:
    send({"batch": [identify(1, traits={"email": "ann@example.com"})]})
    follow()
    assert Customer.objects.get().name == "ann@example.com"
    send({"batch": [identify(2, traits={"email": "ann@example.com", "firstName": "Ann", "lastName": "Lee"})]})
    follow()
    assert Customer.objects.get().name == "Ann Lee"


@pytest.mark.parametrize(
    "call",
    [
        {"type": "identify", "anonymousId": "device-1", "traits": {"name": "Nobody"}},
        {"type": "identify", "userId": "undefined"},
        {"type": "track", "event": "Seen", "userId": "9", "anonymousId": "d"},
        {"type": "page", "anonymousId": "device-1"},
    ],
)
def test_who_says_no_name_becomes_no_customer(send: Send, call: dict[str, Any]) -> None:
    send({"batch": [call]})
    follow()
    assert not Customer.objects.exists()
    assert not Todo.objects.exists()


def test_robots_become_no_customers(send: Send) -> None:
    send({"batch": [identify(context={"userAgent": "Googlebot/2.1"})]})
    follow()
    assert Event.objects.get().is_bot
    assert not Customer.objects.exists()


def test_an_unusable_number_or_address_does_not_keep_the_person_out(send: Send) -> None:
    send({"batch": [identify(traits={"email": "not@@an.address", "phone": "call me"})]})
    follow()
    assert (Customer.objects.get().name, Customer.objects.get().mobile) == ("not@@an.address", "")


def test_the_erased_do_not_come_back(send: Send, organization: Organization) -> None:
    privacy.remember(organization.pk, [("email", "ann@example.com", "")], request=None, now=timezone.now())
    send({"batch": [identify(), track(1)]})
    follow()
    assert not Customer.objects.exists()
    assert not Event.objects.filter(person="u:42").exists()


@pytest.mark.parametrize(
    "call",
    [
        track(2),
        track(2, userId="someone else", context={"traits": {"email": "ANN@example.com"}}),
        {"type": "identify", "userId": "42", "messageId": "robot", "context": {"userAgent": "Googlebot/2.1"}},
        {"type": "identify", "anonymousId": "tablet", "messageId": "i", "traits": {"email": "ann@example.com"}},
    ],
)
def test_what_says_no_name_or_what_was_known_is_forgotten_too(
    send: Send, organization: Organization, source: Source, call: dict[str, Any]
) -> None:
    later = timezone.now() + timedelta(minutes=1)
    send({"batch": [call, {"type": "page", "anonymousId": "tablet", "messageId": "p"}]})
    Todo.objects.all().delete()
    known = [("email", "ann@example.com", ""), ("user_id", "42", "")]
    privacy.remember(organization.pk, known, request=None, now=timezone.now())
    assert actions.announce_received(source, now=later) == 1
    assert Event.objects.get().type == "page"


def test_blocked_values_are_nobody(send: Send) -> None:
    names = ["null", "undefined", "NaN", "0", "[object Object]", " guest "]
    batch = [
        {**identify(number, userId=name, anonymousId=name), "traits": {"name": "Somebody"}}
        for number, name in enumerate(names)
    ]
    assert [found["status"] for found in send({"batch": batch}).json()["results"]] == ["accepted"] * len(names)
    send({"batch": [identify(99, userId="42", anonymousId="null")]})
    follow()
    customer = Customer.objects.get()
    assert queries.persons_of(customer) == ["u:42"]


def test_a_source_that_was_switched_off_is_announced_to_its_end(
    send: Send, source: Source, admin_member: Membership
) -> None:
    send({"batch": [track(1)]})
    actions.revoke_source(source, by=admin_member, now=timezone.now())
    assert list(Source.objects.to_announce()) == [source]
    assert actions.announce_received(source, now=timezone.now() + timedelta(minutes=1)) == 1
    assert not Source.objects.to_announce().exists()


def test_consent_is_recorded_when_it_changes(send: Send, organization: Organization, admin_member: Membership) -> None:
    details = SettingsDetails(consent_categories={"Advertising": "marketing", "Functional": "analytics:email"})
    actions.save_settings(organization, details, by=admin_member)

    def say(number: int, **said: bool) -> None:
        send({"batch": [identify(number, context={"consent": {"categoryPreferences": said}})]})
        follow()

    say(1, Advertising=True, Other=True)
    say(2, Advertising=True)
    customer = Customer.objects.get()
    entry = ConsentEntry.objects.get()
    assert (entry.purpose, entry.channel, entry.method) == (Purpose.MARKETING, Channel.EMAIL, ConsentMethod.EVENT)
    say(3, Advertising=False, Functional=True)
    assert not ConsentEntry.objects.is_given(customer, Purpose.MARKETING, Channel.EMAIL)
    assert ConsentEntry.objects.is_given(customer, Purpose.ANALYTICS, Channel.EMAIL)
    assert ConsentEntry.objects.count() == 3


def test_key_events_are_told_once_also_those_before_the_name(
    send: Send, organization: Organization, admin_member: Membership
) -> None:
    actions.save_plan_event(organization, PlanDetails("Order Completed", is_key_event=True), by=admin_member)
    before = track(1, userId=None, anonymousId="device-1")
    send({"batch": [before, track(2, event="Seen")]})
    follow()
    assert not TimelineEntry.objects.filter(domain="tracking").exists()
    send({"batch": [identify(), track(3)]})
    follow()
    entries = TimelineEntry.objects.filter(domain="tracking")
    assert sorted(entries.values_list("title", "source_event")) == [
        ("Order Completed", f"tracking.Event:{Source.objects.get().pk}:m-1"),
        ("Order Completed", f"tracking.Event:{Source.objects.get().pk}:m-3"),
    ]
    assert set(entries.values_list("customer", flat=True)) == {Customer.objects.get().pk}


def test_two_user_ids_are_never_one_customer_by_an_event(send: Send) -> None:
    send({"batch": [identify(1), identify(2, userId="43", traits={"email": "bea@example.com"}, anonymousId="d2")]})
    send({"batch": [{"type": "alias", "userId": "43", "previousId": "42", "messageId": "alias"}]})
    follow()
    assert Customer.objects.heads().count() == 2


def test_work_that_fails_is_tried_again_and_kept(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise RuntimeError("no such luck")

    send({"batch": [identify()]})
    with monkeypatch.context() as patch:
        patch.setattr(customers, "create_customer", broken)
        follow()
    todo = Todo.objects.get()
    assert todo.attempts == 1
    assert todo.not_before is not None
    follow()
    assert not Customer.objects.exists()
    assert actions.follow_next(now=todo.not_before)
    assert Customer.objects.count() == 1


def test_what_came_in_is_announced_once_and_in_one_piece(send: Send, source: Source) -> None:
    send({"batch": [track(number) for number in range(7)]})
    later = timezone.now() + timedelta(minutes=1)
    assert actions.announce_received(source, now=timezone.now()) == 0
    assert actions.announce_received(source, now=later) == 7
    assert actions.announce_received(source, now=later + timedelta(minutes=1)) == 0
    announced = OutboxEvent.objects.get(name="tracking.EventsReceived")
    assert (announced.payload["count"], announced.payload["source_id"]) == (7, source.pk)
    source.refresh_from_db()
    assert source.last_received_at == Event.objects.order_by("-received_at")[0].received_at


def test_changed_days_are_announced_with_their_customer(send: Send, deliver_events: Callable[[], int]) -> None:
    day = timezone.now() - timedelta(days=2)
    send({"batch": [identify(), track(1, timestamp=day.isoformat())]})
    follow()
    assert actions.announce_changed_days(now=timezone.now()) == 1
    assert ChangedDay.objects.get().customer == Customer.objects.get()
    announced = OutboxEvent.objects.get(name="tracking.DaysChanged")
    assert announced.payload["days"] == [ChangedDay.objects.get().day.isoformat()]
    assert actions.announce_changed_days(now=timezone.now()) == 0
    send({"batch": [track(2, timestamp=day.isoformat())]})
    assert actions.announce_changed_days(now=timezone.now()) == 1


def test_a_name_of_several_customers_is_nobodys(send: Send, organization: Organization) -> None:
    now = timezone.now()
    for name in ("Ann", "Bea"):
        customer = Customer.objects.create(organization=organization, name=name)
        Identifier.objects.create(
            organization=organization, customer=customer, kind="anonymous_id", value="tablet", first_seen_at=now
        )
    assert queries.customer_of(organization.pk, ["a:tablet", "u:nobody"]) == {}
