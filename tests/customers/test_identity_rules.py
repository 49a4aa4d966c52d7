"""The laws of who is who, without a database."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.customers import identity
from apps.customers.identity import Key, Seen, key_of, partition


def key(kind: str, value: str, system: str = "") -> Key:
    return Key(kind, system, value)


def email(name: str) -> Key:
    return key("email", f"{name}@example.com")


KEYS = st.one_of(
    st.builds(lambda n: key("user_id", f"u{n}"), st.integers(1, 4)),
    st.builds(lambda n: email(f"e{n}"), st.integers(1, 8)),
    st.builds(lambda n: key("phone", f"+4915{n}"), st.integers(1, 5)),
    st.builds(lambda n: key("anonymous_id", f"d{n}"), st.integers(1, 8)),
    st.builds(lambda n: key("external", f"x{n}", "shop"), st.integers(1, 5)),
)
RECORDS = st.lists(st.frozensets(KEYS, max_size=6), min_size=1, max_size=14)


def by_content(records: dict[int, frozenset[Key]]) -> list[list[list[tuple[str, str, str]]]]:
    """The partition told by what the records say, not by their numbers."""
    groups = partition(records, identity.common_keys(records)).groups
    return sorted(sorted(sorted(records[record]) for record in group) for group in groups)


@settings(max_examples=400, deadline=None)
@given(RECORDS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_partition(contents: list[frozenset[Key]], rng: random.Random) -> None:
    shuffled = rng.sample(contents, len(contents))
    assert by_content(dict(enumerate(contents, 1))) == by_content(dict(enumerate(shuffled, 1)))


@settings(max_examples=400, deadline=None)
@given(RECORDS)
def test_no_rule_alone_makes_a_customer_that_breaks_a_limit(contents: list[frozenset[Key]]) -> None:
    records = dict(enumerate(contents, 1))
    answer = partition(records)
    assert sorted(record for group in answer.groups for record in group) == sorted(records)
    for group in answer.groups:
        keys = {key for record in group for key in records[record]}
        for kind, limit in identity.LIMITS.items():
            most = max(sum(k.kind == kind for k in records[record]) for record in group)
            assert sum(k.kind == kind for k in keys) <= max(limit, most)
        assert len(keys) <= identity.MOST_IDENTIFIERS


@settings(max_examples=300, deadline=None)
@given(RECORDS)
def test_held_pairs_are_two_customers_that_share_the_identifier(contents: list[frozenset[Key]]) -> None:
    records = dict(enumerate(contents, 1))
    answer = partition(records)
    members = {group[0]: group for group in answer.groups}
    for pair in answer.held:
        assert pair.record < pair.other
        for head in (pair.record, pair.other):
            assert any(pair.key in records[record] for record in members[head])


@settings(max_examples=200, deadline=None)
@given(RECORDS)
def test_a_connected_part_gives_the_same_groups_as_the_whole(contents: list[frozenset[Key]]) -> None:
    records = dict(enumerate(contents, 1))
    whole = partition(records).groups
    part, size = {1}, 0
    while len(part) > size:
        size = len(part)
        keys = {key for record in part for key in records[record]}
        part |= {record for record, theirs in records.items() if theirs & keys}
    alone = partition({record: records[record] for record in part}).groups
    assert alone == [group for group in whole if group[0] in part]


def test_three_sources_of_one_customer_are_one() -> None:
    records = {
        1: {email("ada"), key("external", "7", "shopify")},
        2: {email("ada"), key("phone", "+49151")},
        3: {key("phone", "+49151"), key("anonymous_id", "d1")},
        4: {email("ben")},
    }
    answer = partition(records)
    assert answer.groups == [(1, 2, 3), (4,)]
    assert {(join.record, join.other, join.key.kind) for join in answer.joins} == {(1, 2, "email"), (2, 3, "phone")}


def test_two_user_ids_wait_for_review() -> None:
    answer = partition({1: {email("ada"), key("user_id", "1")}, 2: {email("ada"), key("user_id", "2")}})
    assert answer.groups == [(1,), (2,)]
    assert [(pair.record, pair.other, pair.why) for pair in answer.held] == [(1, 2, "user_ids")]


def test_user_ids_of_two_systems_do_not_disagree() -> None:
    answer = partition({1: {email("ada"), key("user_id", "1", "app")}, 2: {email("ada"), key("user_id", "2", "web")}})
    assert answer.groups == [(1, 2)]


def test_more_than_twenty_identifiers_wait_for_review() -> None:
    many = {key("external", str(n), f"s{n}") for n in range(20)}
    answer = partition({1: many, 2: {key("external", "0", "s0"), email("ada")}})
    assert answer.groups == [(1,), (2,)]
    assert [pair.why for pair in answer.held] == ["limit"]
    assert partition({1: many, 2: {key("external", "0", "s0")}}).groups == [(1, 2)], "it brings nothing new"


def test_what_a_person_joined_is_never_refused() -> None:
    hand = key("manual", "1-2")
    answer = partition({1: {key("user_id", "1"), hand}, 2: {key("user_id", "2"), hand}, 3: {key("user_id", "2")}})
    assert answer.groups == [(1, 2, 3)]


def test_a_family_shares_a_number() -> None:
    phone = key("phone", "+49151")
    assert partition({1: {email("ada"), phone}, 2: {email("ben"), phone}}).groups == [(1,), (2,)]
    assert partition({1: {email("ada"), phone}, 2: {phone}}).groups == [(1, 2)]
    unclear = partition({1: {email("ada"), phone}, 2: {email("ben"), phone}, 3: {phone}, 4: {phone}})
    assert unclear.groups == [(1,), (2,), (3, 4)], "nobody can say to whom 3 and 4 belong"
    assert not unclear.held


def test_a_value_that_everybody_carries_joins_nobody() -> None:
    shop = key("phone", "+4930")
    records = {number: {shop} for number in range(1, 22)}
    assert len(partition(records, identity.common_keys(records)).groups) == 21
    del records[21]
    assert len(partition(records, identity.common_keys(records)).groups) == 1


@pytest.mark.parametrize(
    "value",
    ["", " ", "0", "000", "0-0", "--", "-1", "null", "NULL", "None", "nan", "NaN", "undefined", "anonymous", "Guest",
     "true", "false", "[object Object]", "distinct_id", "id", "not_authenticated", "email", "+000", "x" * 255, "\x00"],
)  # fmt: skip
def test_blocked_values_name_nobody(value: str) -> None:
    assert key_of(Seen("user_id", value)) is None
    assert key_of(Seen("anonymous_id", value)) is None


def test_one_notation() -> None:
    assert key_of(Seen("email", " ADA@Example.com ")) == email("ada")
    assert key_of(Seen("user_id", "Ab1")) == key("user_id", "Ab1"), "ids keep their case"
    assert key_of(Seen("hat_size", "54")) is None
