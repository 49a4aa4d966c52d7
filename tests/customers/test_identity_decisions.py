"""What people decide about who is who: merging, splitting, taking an identifier back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import Membership, Organization
from apps.core.refused import Refused
from apps.customers import actions
from apps.customers.actions import CustomerDetails
from apps.customers.identity import Seen
from apps.customers.models import (
    Branch,
    Customer,
    DuplicateSuggestion,
    Identifier,
    IdentityChange,
)
from tests.customers.conftest import record, stored

pytestmark = pytest.mark.django_db


def test_merge_by_hand_then_split_restores_every_byte(
    organization: Organization, manager: Membership, see: Any, now: datetime, branch: Branch
) -> None:
    first = record(organization, now, "Ada", custom={"a": 1}, last_visited_at=now - timedelta(days=3))
    second = record(organization, now, "A. L.", email="a@example.com", mobile="+49151", language="de", owner=manager)
    third = record(
        organization,
        now,
        "Ada King",
        custom={"a": 2, "b": [3]},
        last_visited_at=now,
        last_branch=branch,
        time_zone="UTC",
    )
    see(first, ("user_id", "1"))
    see(second, ("email", "a@example.com"), ("user_id", "2"))
    see(third, ("anonymous_id", "d1"))
    before = stored(first.pk, second.pk, third.pk)
    actions.merge(second, third, by=manager, now=now, reason="She told us")
    head = actions.merge(third, first, by=manager, now=now)
    assert head.pk == first.pk
    assert (head.name, head.email, head.language, head.owner, head.time_zone) == (
        "Ada", "a@example.com", "de", manager, "UTC",
    )  # fmt: skip
    assert (head.last_visited_at, head.last_branch, head.custom) == (now, branch, {"a": 1, "b": [3]})
    assert head.member_ids == Customer.objects.get(pk=third.pk).member_ids == [first.pk, second.pk, third.pk]
    actions.split([second, third], by=manager, now=now, reason="Mother and daughter")
    assert Customer.objects.get(pk=third.pk).merged_into_id == second.pk, "they stay one among themselves"
    actions.split([third], by=manager, now=now)
    assert stored(first.pk, second.pk, third.pk) == before
    lines = IdentityChange.objects.exclude(action="revoked").order_by("id").values_list("action", "evidence__reason")
    told = ["She told us", None, "Mother and daughter", "Mother and daughter", None]
    assert list(zip(["merged", "merged", "split", "split", "split"], told, strict=True)) == list(lines)
    with pytest.raises(Refused, match="at least one"):
        actions.split([second], by=manager, now=now)
    assert actions.merge(first, second, by=manager, now=now).pk == first.pk, "a person may change their mind"
    with pytest.raises(Refused, match="one customer already"):
        actions.merge(first, second, by=manager, now=now)


def test_what_was_split_stays_split_when_the_source_says_it_again(
    organization: Organization, manager: Membership, see: Any, now: datetime
) -> None:
    first, second = record(organization, now, "Ada"), record(organization, now, "Ben")
    for customer in (first, second):
        see(customer, ("email", "ada@example.com"))
    actions.split([second], by=manager, now=now, reason="Typed a wrong address")
    assert see(second, ("email", "ada@example.com")).pk == second.pk
    actions.observe_many(
        organization.pk, [(second.pk, Seen("email", "ada@example.com"))], source="file", by=manager, now=now
    )
    assert Customer.objects.heads().count() == 2
    waiting = DuplicateSuggestion.objects.get()
    assert waiting.state == "rejected", "nobody is asked again"
    taken = Identifier.objects.get(customer=second)
    assert actions.give_back(taken, by=manager, now=now).pk == first.pk
    with pytest.raises(Refused, match="counts already"):
        actions.give_back(taken, by=manager, now=now)


def test_person_decides_about_a_held_pair(
    organization: Organization, manager: Membership, see: Any, now: datetime
) -> None:
    for number in (1, 2, 3, 4):
        see(record(organization, now, "Ada"), ("email", f"e{number % 2}@example.com"), ("user_id", str(number)))
    one, other = DuplicateSuggestion.objects.order_by("id")
    assert actions.reject_duplicate(one, by=manager, now=now).state == "rejected"
    with pytest.raises(Refused, match="already"):
        actions.reject_duplicate(one, by=manager, now=now)
    head = actions.accept_duplicate(other, by=manager, now=now)
    assert head.member_ids == [other.customer_id, other.other_id]
    assert Customer.objects.heads().count() == 3


def test_corrected_address_names_the_record_no_longer(
    organization: Organization, manager: Membership, now: datetime
) -> None:
    ada = actions.create_customer(
        CustomerDetails("Ada", "adda@example.com"), organization=organization, by=manager, now=now
    )
    actions.update_customer(ada, CustomerDetails("Ada", "ada@example.com"), by=manager, now=now)
    adda = actions.create_customer(
        CustomerDetails("Adda", "adda@example.com"), organization=organization, by=manager, now=now
    )
    assert adda != ada
    with pytest.raises(Refused, match="Another customer"):
        actions.update_customer(ada, CustomerDetails("Ada", "adda@example.com"), by=manager, now=now)


def test_emptied_on_the_head_stays_empty(
    organization: Organization, manager: Membership, see: Any, now: datetime
) -> None:
    first, second = record(organization, now, "Ada"), record(organization, now, "Ada", mobile="+49151")
    for customer in (first, second):
        see(customer, ("email", "ada@example.com"))
    head = Customer.objects.get(pk=first.pk)
    assert head.mobile == "+49151"
    head = actions.update_customer(head, CustomerDetails("Ada"), by=manager, now=now)
    assert head.mobile == ""
    assert Customer.objects.get(pk=second.pk).mobile == ""
