"""Who is who, through the database."""

from __future__ import annotations

import random
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.forms.models import model_to_dict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Membership, Organization
from apps.core.models import OutboxEvent
from apps.core.refused import Refused
from apps.customers import actions, queries
from apps.customers.actions import CustomerDetails, VisitDraft
from apps.customers.identity import Seen, common_keys, key_of, partition
from apps.customers.models import (
    Branch,
    ConsentEntry,
    Customer,
    DuplicateSuggestion,
    Identifier,
    IdentityAction,
    IdentityChange,
    TimelineEntry,
)
from tests.customers.conftest import Capture

pytestmark = pytest.mark.django_db


def record(organization: Organization, now: datetime, name: str = "", **columns: Any) -> Customer:
    return Customer.objects.create(organization=organization, name=name, created_at=now, updated_at=now, **columns)


def stored(*pks: int) -> list[dict[str, Any]]:
    """The records, byte for byte, without the counters of changes."""
    return [
        {k: v for k, v in row.items() if k not in ("version", "updated_at")}
        for row in Customer.objects.filter(pk__in=pks).order_by("pk").values()
    ]


@pytest.fixture
def see(organization: Organization, manager: Membership, now: datetime) -> Any:
    def run(customer: Customer, *seen: tuple[str, str], source: str = "test", **more: Any) -> Customer:
        return actions.observe(customer, [Seen(*name) for name in seen], source=source, by=manager, now=now, **more)

    return run


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


def test_returning_by_second_address_is_the_head(
    organization: Organization, manager: Membership, see: Any, now: datetime, capture: Capture
) -> None:
    ada = capture("Ada").customer
    work = record(organization, now, "Ada at work", email="ada@work.example")
    see(work, ("email", "ada@work.example"))
    actions.merge(work, ada, by=manager, now=now)
    visit = capture("Ada", email="ada@work.example")
    assert visit.customer_id == ada.pk
    assert visit.customer.email == "ada@example.com"
    assert capture("Ada", email="", customer_id=work.pk).customer_id == ada.pk


def test_consent_is_the_last_word_of_any_record(
    organization: Organization, manager: Membership, now: datetime, capture: Capture
) -> None:
    ada = capture("Ada", has_email_consent=True).customer
    work = capture("Ada", email="ada@work.example", has_email_consent=True).customer
    actions.withdraw_consent(work, purpose="survey", channel="email", method="unsubscribe", by=manager, now=now)
    assert ConsentEntry.objects.is_given(ada, "survey", "email")
    head = actions.merge(ada, work, by=manager, now=now)
    filters = queries.CustomerFilters(consent="no")
    for customer in (head, Customer.objects.get(pk=work.pk)):
        assert not ConsentEntry.objects.is_given(customer, "survey", "email")
    assert list(queries.customers(organization, filters)) == [head]
    assert '"survey_consent":false' in queries.customer_json(organization).rows[0].replace(" ", "")
    states = {(state.purpose, state.channel): state.is_given for state in queries.consent_states(head)}
    assert states["survey", "email"] is False
    assert len(queries.timeline_page(head).rows) == TimelineEntry.objects.count()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_two_at_once_end_as_one_customer(organization: Organization, manager: Membership, now: datetime) -> None:
    both = threading.Barrier(4)
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            both.wait()
            if number % 2:
                draft = VisitDraft("Ada", email="ada@example.com", mobile="0151 23456789")
                actions.capture_visit(draft, organization=organization, by=manager, now=now)
            else:
                customer = record(organization, now, "Ada")
                names = [Seen("email", "ada@example.com"), Seen("external", str(number), "shop")]
                actions.observe(customer, names, source="shop", by=manager, now=now)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert Customer.objects.heads().count() == 1
    assert 2 <= Customer.objects.count() <= 3
    head = Customer.objects.heads().get()
    assert set(Customer.objects.exclude(pk=head.pk).values_list("merged_into", flat=True)) == {head.pk}
