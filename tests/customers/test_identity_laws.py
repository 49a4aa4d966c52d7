"""The laws of who is who, kept by the database: order, number and taking back change nothing."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.forms.models import model_to_dict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Membership, Organization
from apps.customers import actions
from apps.customers.identity import Seen, common_keys, key_of, partition
from apps.customers.models import (
    Customer,
    DuplicateSuggestion,
    SearchTerm,
)
from tests.customers.conftest import NOW, record, stored

pytestmark = pytest.mark.django_db


NAMES = st.one_of(
    st.builds(lambda n: Seen("email", f"e{n}@example.com"), st.integers(1, 4)),
    st.builds(lambda n: Seen("phone", f"+4915{n}"), st.integers(1, 3)),
    st.builds(lambda n: Seen("user_id", f"u{n}"), st.integers(1, 2)),
    st.builds(lambda n: Seen("external", f"x{n}", "shop"), st.integers(1, 3)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.frozensets(NAMES, min_size=1, max_size=3), min_size=2, max_size=6), st.randoms(use_true_random=False)
)
def test_any_order_of_arrival_gives_the_partition_of_the_rules(
    organization: Organization, manager: Membership, now: datetime, contents: list[frozenset[Seen]], rng: random.Random
) -> None:
    Customer.objects.all().delete()
    records = [record(organization, now, f"c{place}") for place in range(len(contents))]
    arrivals = [(place, name) for place, names in enumerate(contents) for name in names]
    for place, name in rng.sample(arrivals, len(arrivals)):
        actions.observe(records[place], [name], source="test", by=manager, now=now)
    keys = {
        customer.pk: {key for name in names if (key := key_of(name))}
        for customer, names in zip(records, contents, strict=True)
    }
    wanted = partition(keys, common_keys(keys))
    assert dict(Customer.objects.values_list("pk", "merged_into")) == {
        pk: None if head == pk else head for pk, head in wanted.heads.items()
    }
    # Each record that stands alone is as it was.
    for customer in (c for c in records if (c.pk,) in wanted.groups):
        fresh = Customer.objects.get(pk=customer.pk)
        assert model_to_dict(fresh) == model_to_dict(customer)
        assert fresh.own is None
    waiting = DuplicateSuggestion.objects.filter(state="open").values_list("customer", "other")
    assert set(waiting) == {(pair.record, pair.other) for pair in wanted.held}


def test_many_at_once_are_as_one_by_one(organization: Organization, manager: Membership, now: datetime) -> None:
    records = [record(organization, now, f"c{n}") for n in range(60)]
    rng = random.Random(7)
    seen = [(c.pk, Seen("email", f"e{rng.randrange(25)}@example.com")) for c in records]
    seen += [(c.pk, Seen("phone", f"+49{rng.randrange(40):03d}")) for c in records]
    done = actions.observe_many(organization.pk, seen, source="test", by=manager, now=now)
    keys = {c.pk: {key for pk, name in seen if pk == c.pk and (key := key_of(name))} for c in records}
    wanted = partition(keys, common_keys(keys))
    assert dict(Customer.objects.values_list("pk", "merged_into")) == {
        pk: None if head == pk else head for pk, head in wanted.heads.items()
    }
    assert done.merged == sum(len(group) - 1 for group in wanted.groups)
    assert actions.observe_many(organization.pk, seen, source="test", by=manager, now=now) == actions.Resolution()


VALUES = st.one_of(st.sampled_from(["", "é", "😀 0"]), st.integers(-9, 9), st.booleans())
COLUMNS = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["ada@example.com", "ada@work.example", "ben@example.com"]),
        "mobile": st.sampled_from(["+49151", "+49152"]),
        "language": st.sampled_from(["de", "tr"]),
        "time_zone": st.just("Europe/Berlin"),
        "preferred_channel": st.sampled_from(["sms", "phone"]),
        "custom": st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3),
        "last_visited_at": st.integers(1, 90).map(lambda days: NOW - timedelta(days=days)),
        "is_restricted": st.booleans(),
        "kind": st.sampled_from(["person", "company"]),
    },
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(COLUMNS, min_size=2, max_size=5),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
)
def test_merge_then_split_restores_every_byte(
    organization: Organization,
    manager: Membership,
    now: datetime,
    contents: list[dict[str, Any]],
    merges: list[tuple[int, int]],
    rng: random.Random,
) -> None:
    Customer.objects.all().delete()
    records = [record(organization, now, f"c{place}", **columns) for place, columns in enumerate(contents)]
    for place, customer in enumerate(records):
        names = [Seen("user_id", f"u{place}"), Seen("phone", customer.mobile)]
        actions.observe(customer, names, source="test", by=manager, now=now)
    pks = [customer.pk for customer in records]
    for customer in records:
        # Two who share a number are one already.
        head = actions.head_of(customer)
        if head.pk != customer.pk:
            actions.split([customer], by=manager, now=now)
    before, words = stored(*pks), found_by()
    for one, other in merges:
        first, second = records[one % len(records)], records[other % len(records)]
        if actions.head_of(first) != actions.head_of(second):
            actions.merge(first, second, by=manager, now=now)
    for customer in rng.sample(records, len(records)):
        if len(actions.head_of(customer).member_ids) > 1:
            actions.split([customer], by=manager, now=now)
    assert stored(*pks) == before
    assert found_by() == words


def found_by() -> list[tuple[int, str]]:
    return sorted(SearchTerm.objects.values_list("customer", "term"))
