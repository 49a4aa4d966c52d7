"""Who is who, through the database: what is seen joins records, as far as the rules go."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from apps.accounts.models import Membership, Organization
from apps.core.models import OutboxEvent
from apps.customers import actions
from apps.customers.models import (
    Customer,
    DuplicateSuggestion,
    Identifier,
    IdentityAction,
    IdentityChange,
    TimelineEntry,
)
from tests.customers.conftest import record, stored

pytestmark = pytest.mark.django_db


def test_same_address_is_one_customer_and_the_head_shows_the_whole(
    organization: Organization, see: Any, now: datetime
) -> None:
    first = record(organization, now, "Ada", email="ada@example.com")
    second = record(organization, now, "A. Lovelace", email="ada@example.com", mobile="+49151", custom={"size": "M"})
    assert see(first, ("email", "ada@example.com")) == first
    head = see(second, ("email", "Ada@Example.com "), ("phone", "+49151"))
    assert head == first
    assert (head.name, head.mobile, head.custom) == ("Ada", "+49151", {"size": "M"})
    assert head.own == {"mobile": ["", "+49151"], "custom": [{}, {"size": "M"}]}
    second.refresh_from_db()
    assert (second.merged_into_id, second.name, second.mobile) == (first.pk, "A. Lovelace", "+49151")
    assert head.version > first.version
    change = IdentityChange.objects.get()
    assert (change.action, change.customer_id, change.other_id, change.rule) == ("merged", first.pk, second.pk, "email")
    assert change.evidence["identifier"]["value"] == "ada@example.com"
    event = OutboxEvent.objects.get(name="customers.CustomersMerged")
    assert event.payload == {"customer_id": first.pk, "merged_ids": [second.pk]}
    assert TimelineEntry.objects.filter(customer=first, kind="merged").count() == 1


def test_seen_again_changes_nothing(organization: Organization, see: Any, now: datetime) -> None:
    first, second = record(organization, now, "Ada"), record(organization, now, "Ada")
    for customer in (first, second):
        see(customer, ("email", "ada@example.com"))
    before = list(Customer.objects.order_by("pk").values()), IdentityChange.objects.count()
    for customer in (first, second):
        assert see(customer, ("email", "ada@example.com"), source="other").pk == first.pk
    assert (list(Customer.objects.order_by("pk").values()), IdentityChange.objects.count()) == before


def test_two_user_ids_wait_for_review(organization: Organization, see: Any, now: datetime) -> None:
    first, second = record(organization, now, "Ada"), record(organization, now, "Ada")
    see(first, ("email", "ada@example.com"), ("user_id", "1"))
    assert see(second, ("email", "ada@example.com"), ("user_id", "2")) == second
    waiting = DuplicateSuggestion.objects.get()
    assert (waiting.customer, waiting.other, waiting.reason, waiting.state) == (first, second, "held", "open")
    assert waiting.evidence["why"] == "user_ids"
    assert IdentityChange.objects.get().action == IdentityAction.HELD
    see(second, ("phone", "+49151"))
    assert DuplicateSuggestion.objects.count() == 1
    assert IdentityChange.objects.count() == 1


def test_same_address_in_two_organizations_stays_two(
    organization: Organization, other_organization: Organization, see: Any, now: datetime
) -> None:
    see(record(organization, now), ("email", "ada@example.com"))
    see(record(other_organization, now), ("email", "ada@example.com"))
    assert Customer.objects.heads().count() == 2


def test_family_member_parts_what_is_no_longer_clear(organization: Organization, see: Any, now: datetime) -> None:
    nobody, ada, ben = (record(organization, now, name) for name in ("", "Ada", "Ben"))
    see(nobody, ("phone", "+49151"))
    assert see(ada, ("phone", "+49151"), ("email", "ada@example.com")) == nobody
    assert see(ben, ("phone", "+49151"), ("email", "ben@example.com")) == ben
    assert Customer.objects.heads().count() == 3
    assert stored(nobody.pk)[0]["name"] == "", "what Ada lent goes with her"
    assert OutboxEvent.objects.filter(name="customers.CustomersSplit").count() == 1


def test_a_value_that_became_common_joins_nobody(organization: Organization, see: Any, now: datetime) -> None:
    records = [record(organization, now) for _ in range(21)]
    for customer in records[:20]:
        see(customer, ("phone", "+4930"))
    assert Customer.objects.heads().count() == 2
    see(records[20], ("phone", "+4930"))
    assert Customer.objects.heads().count() == 21


def test_column_written_on_a_head_is_its_own(organization: Organization, see: Any, now: datetime) -> None:
    first, second = record(organization, now, "Ada"), record(organization, now, "Ada", mobile="+49151", custom={"a": 1})
    for customer in (first, second):
        see(customer, ("email", "ada@example.com"))
    Customer.objects.filter(pk=first.pk).update(mobile="+49152", custom={"a": 1, "b": 2})
    Identifier.objects.filter(customer=second).update(revoked_at=now)
    actions.resolve(organization.pk, [first.pk], by=first_member(organization), now=now)
    first.refresh_from_db()
    assert (first.own, first.mobile, first.custom) == (None, "+49152", {"b": 2})


def first_member(organization: Organization) -> Membership:
    return Membership.objects.filter(organization=organization)[0]
