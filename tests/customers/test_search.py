"""Finding customers while somebody types, and the indexes that serve each step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.accounts.models import Membership, Organization
from apps.core import fastsql
from apps.customers import actions, advanced_search, normalise, rules, search, slips
from apps.customers.actions import CustomerDetails
from apps.customers.actions.search_terms import write_search_terms
from apps.customers.models import Customer, CustomField, FieldKind, Identifier, IdentifierKind, SearchTerm


@pytest.fixture
def people(organization: Organization, member: Membership, now: datetime) -> dict[str, int]:
    given = [
        ("Anna Maria Müller", "am@example.com", "+4915123456789"),
        ("Siobhán O’Brien-Meyer", "siobhan.obrien@example.com", ""),
        ("Hannah", "hannah@mueller.example", "+442071838750"),
        ("李小龍", "", "+8613812345678"),
    ]
    return {
        name: actions.create_customer(
            CustomerDetails(name, email, mobile), organization=organization, by=member, now=now
        ).pk
        for name, email, mobile in given
    }


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ann", "Anna Maria Müller"),
        ("MULL", "Anna Maria Müller"),
        ("müller an", "Anna Maria Müller"),
        ("mü ma", "Anna Maria Müller"),
        ("siobhan.ob", "Siobhán O’Brien-Meyer"),
        ("siobhan", "Siobhán O’Brien-Meyer"),
        ("meyer", "Siobhán O’Brien-Meyer"),
        ("0151 234", "Anna Maria Müller"),
        ("+49 (151) 234-56", "Anna Maria Müller"),
        ("0049151", "Anna Maria Müller"),
        ("15123", "Anna Maria Müller"),
        ("020 7183", "Hannah"),
        ("李", "李小龍"),
        ("小", None),
        ("zzz", None),
        ("  ", None),
        ("%", None),
        ("ann zzz", None),
        ("\x00", None),
        ("x" * 500, None),
    ],
)
def test_search(organization: Organization, people: dict[str, int], text: str, name: str | None) -> None:
    found = [hit.name for hit in search.find(organization, text)]
    assert found[:1] == ([] if name is None else [name])


def test_search_stays_inside_the_organization(people: dict[str, int], other_organization: Organization) -> None:
    assert search.find(other_organization, "anna") == []


def test_search_is_limited_and_names_nobody_twice(organization: Organization, people: dict[str, int]) -> None:
    assert len(search.find(organization, "a", limit=1)) == 1
    ids = [hit.id for hit in search.find(organization, "hannah")]
    assert ids == [people["Hannah"]], "name and address both match"


def test_search_asks_one_query(
    organization: Organization, people: dict[str, int], django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        search.find(organization, "anna m", limit=1)


def test_a_hundred_words_do_not_push_out_the_address(
    organization: Organization, member: Membership, now: datetime
) -> None:
    name = " ".join(f"w{number}" for number in range(60))
    details = CustomerDetails(name[:200], "long@example.com", "0151 23456789")
    customer = actions.create_customer(details, organization=organization, by=member, now=now)
    assert SearchTerm.objects.filter(customer=customer).count() <= search.MOST_TERMS
    for text in ("long@", "0151 2345"):
        assert [hit.id for hit in search.find(organization, text)] == [customer.pk]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ulle", "Anna Maria Müller"),
        ("mueller anna", "Hannah"),
        ("rien-me", "Siobhán O’Brien-Meyer"),
        ("@mueller.ex", "Hannah"),
        ("7183", "Hannah"),
        ("brien siob", "Siobhán O’Brien-Meyer"),
    ],
)
def test_the_middle_of_a_word_is_found(
    organization: Organization, people: dict[str, int], text: str, name: str
) -> None:
    assert name in [hit.name for hit in search.find(organization, text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("siobahn", "Siobhán O’Brien-Meyer"),
        ("mueler ann", "Anna Maria Müller"),
        ("ana muller", "Anna Maria Müller"),
        ("mzller", "Anna Maria Müller"),
        ("hannnah", "Hannah"),
        ("hanah", "Hannah"),
        ("hanna@mueller.example", "Hannah"),
    ],
)
def test_one_slip_of_the_pen_is_forgiven(
    organization: Organization, people: dict[str, int], text: str, name: str
) -> None:
    assert [hit.name for hit in search.find(organization, text)] == [name]


def test_exact_beginnings_stand_before_everything_else(organization: Organization, people: dict[str, int]) -> None:
    assert [hit.name for hit in search.find(organization, "ann")] == ["Anna Maria Müller"]
    assert {hit.name for hit in search.find(organization, "nna")} == {"Anna Maria Müller", "Hannah"}


def test_no_slips_of_numbers(organization: Organization, people: dict[str, int]) -> None:
    assert search.find(organization, "0151 23456798") == []


def test_found_by_ids_further_addresses_and_searchable_fields(
    organization: Organization, people: dict[str, int], now: datetime
) -> None:
    customer = Customer.objects.get(pk=people["Hannah"])
    for kind, system, value in [
        (IdentifierKind.EXTERNAL, "shopify", "GID-4711"),
        (IdentifierKind.EMAIL, "", "second@example.org"),
        (IdentifierKind.PHONE, "", "+4930123456"),
    ]:
        Identifier.objects.create(
            organization=organization, customer=customer, kind=kind, system=system, value=value, first_seen_at=now
        )
    Identifier.objects.create(
        organization=organization,
        customer=customer,
        kind=IdentifierKind.EXTERNAL,
        system="crm",
        value="wrong-1",
        first_seen_at=now,
        revoked_at=now,
    )
    for key, is_searchable in [("card", True), ("secret", False)]:
        CustomField.objects.create(
            organization=organization, key=key, label=key, kind=FieldKind.TEXT, is_searchable=is_searchable
        )
    customer.custom = {"card": "Gold 99", "secret": "hidden"}
    customer.save()
    write_search_terms(customer)
    for text in ("gid-4711", "second@", "030 1234", "gold 99", "99"):
        assert [hit.name for hit in search.find(organization, text)] == ["Hannah"], text
    for text in ("wrong-1", "hidden"):
        assert search.find(organization, text) == [], text


def test_a_merged_record_shows_the_customer_whom_it_is(organization: Organization, people: dict[str, int]) -> None:
    Customer.objects.filter(pk=people["Hannah"]).update(merged_into=people["Anna Maria Müller"])
    for text in ("hannah", "anna", "hanah", "annah"):
        assert [hit.id for hit in search.find(organization, text)] == [people["Anna Maria Müller"]], text


def test_without_the_trigram_index_a_bounded_part_is_looked_through(
    organization: Organization, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "has_trigram_index", lambda: False)
    assert [hit.name for hit in search.find(organization, "@mueller")] == ["Hannah"]
    monkeypatch.setattr(search, "MOST_SCANNED", 0)
    assert search.find(organization, "@mueller") == []


@given(st.text(alphabet="abcxyzäßñ", min_size=4, max_size=10), st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_one_slip_made_of_a_word_leads_back_to_it(word: str, data: st.DataObject) -> None:
    word = normalise.words_of(word)[0]
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    slip = data.draw(
        st.sampled_from(
            [word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :]]
        )
    )
    if slip and slip[0].isascii() and word.isascii():
        assert slip == word or any(word.startswith(each) for each in [slip, *slips.slips_of(slip)])


def _explain(sql: str, params: Sequence[Any]) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A handful of rows is read in one go whatever the indexes are; a full table never is.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + sql, params)
        return "\n".join(" ".join(map(str, row)) for row in cursor.fetchall())


def test_an_index_serves_beginnings_and_slips(
    organization: Organization, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, list[Any]]] = []

    def noted(sql: str, params: list[Any]) -> list[Any]:
        sent.append((sql, list(params)))
        return fastsql.execute(sql, params)

    monkeypatch.setattr(search, "execute", noted)
    search.find(organization, "zzzz yyyy")
    plans = [_explain(sql, params) for sql, params in sent]
    assert len(plans) == 5, "the phrase, each word narrowed by the other, the slips of each"
    assert all("search_term_prefix" in plan for plan in plans), plans


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_the_trigram_index_serves_the_middle_of_words(organization: Organization, people: dict[str, int]) -> None:
    assert search.has_trigram_index()
    with connection.cursor() as cursor:
        # With a handful of rows the planner likes this one better; the transaction gives it back.
        cursor.execute("DROP INDEX search_term_prefix")
    terms = "SELECT customer_id FROM customers_searchterm WHERE organization_id = %s AND term LIKE %s LIMIT 16"
    assert "search_term_infix" in _explain(terms, [organization.pk, "%ulle%"])


@pytest.mark.skipif("connection.vendor != 'postgresql'")
@pytest.mark.parametrize(
    ("field", "operator", "value", "index"),
    [
        ("language", "is", "de", "customer_newest"),
        ("created", "after", "2025-01-01", "customer_newest"),
        ("last_visit", "within", {"last_days": 30}, "customer_newest"),
        ("name", "contains", "ulle", "customer_newest"),
        ("consent:survey:email", "is", True, "consent_last_word"),
        ("tags", "has", "VIP", "customers_of_tag"),
        ("external_id", "is", "4711", "identifier_once_per_record"),
        ("email", "is", "hannah@mueller.example", "customer_email"),
        ("phone", "is", "+4915123456789", "customer_mobile"),
        ("visits", "at_least", 2, "visit_of_customer"),
    ],
)
def test_an_index_serves_each_question_of_the_advanced_search(
    organization: Organization, people: dict[str, int], field: str, operator: str, value: Any, index: str
) -> None:
    rule = rules.parse({"field": field, "operator": operator, "value": value}, organization)
    page = advanced_search.fitting(rule, now=timezone.now()).order_by("-created_at", "-id")[:51]
    assert index in _explain(*page.query.sql_with_params())


def test_a_common_word_is_read_from_the_top_and_a_rare_one_looked_up(
    organization: Organization, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = rules.parse({"field": "name", "operator": "contains", "value": "MÜLL"}, organization)
    asked = []
    for is_rare in (True, False):
        monkeypatch.setattr(search, "is_rare", lambda _word, answer=is_rare: answer)
        found = advanced_search.fitting(rule, now=timezone.now())
        asked.append(str(found.query))
        if connection.vendor == "postgresql":
            assert [customer.name for customer in found] == ["Anna Maria Müller"]
    assert ["customers_searchterm" in sql for sql in asked] == [True, False]


@pytest.mark.parametrize("value", ["100%", "a_b", "!", "\\", "'"])
def test_signs_of_patterns_are_only_signs(
    organization: Organization, member: Membership, now: datetime, value: str
) -> None:
    name = f"x{value}y"
    for each in (name, "xaby 100 y"):
        actions.create_customer(CustomerDetails(each), organization=organization, by=member, now=now)
    rule = rules.parse({"field": "name", "operator": "contains", "value": value}, organization)
    assert [customer.name for customer in advanced_search.fitting(rule, now=now)] == [name]
