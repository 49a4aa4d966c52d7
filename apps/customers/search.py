"""Finding customers while somebody types: the beginning first, then the middle of a word, then a slip of the pen.

Every word of a name, the whole name, each address, each way to write a number, each id in another system and each
searchable field is a `SearchTerm`. What was typed is

1. one range of the index `search_term_prefix` (one statement; usually the only one),
2. several words in any order: the first `MOST_CANDIDATES` of one word, narrowed by the others,
3. when nothing was found: terms that hold the words anywhere, by the trigram index `search_term_infix`; where
   that does not exist (SQLite, or a role that may not have pg_trgm) within the first `MOST_SCANNED` terms,
4. when still nothing was found: every word that is one slip away (a letter wrong, missing, too many, two swapped),
   each a range of the same index, so that it needs no extension and costs the same on both databases.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.urls import reverse

from apps.accounts.models import Membership, Organization
from apps.accounts.permissions import Can
from apps.core.fastsql import execute
from apps.core.search import MOST_HITS, Hit
from apps.customers import normalise
from apps.customers.models import Customer, CustomField
from apps.customers.models.key_field import LAST
from apps.customers.slips import slips_of

SHORTEST_INFIX = 3
SHORTEST_SLIP = 4
MOST_CANDIDATES = 1000
MOST_SCANNED = 200_000
MOST_TERMS = 60
# More terms than these are not worth a look-up: among so many customers the newest who fit stand near the top.
MOST_RARE = 5000

_BEGINNING = """
SELECT c.id, c.name, c.email, c.mobile, c.last_branch_id, c.merged_into_id FROM (
  SELECT customer_id, term FROM customers_searchterm WHERE organization_id = %s AND term >= %s AND term < %s
  ORDER BY term, customer_id LIMIT {most}) t
JOIN customers_customer c ON c.id = t.customer_id ORDER BY t.term, t.customer_id"""


@cache
def beginning(most: int) -> str:
    """The statement of the first step. Its limit is part of the text, so that one plan serves every word."""
    return _BEGINNING.format(most=most)


@dataclass(frozen=True)
class CustomerHit:
    """A customer found while somebody types."""

    id: int
    name: str
    email: str
    mobile: str
    branch_id: int | None


def find(organization: Organization | int, text: str, *, limit: int = 8) -> list[CustomerHit]:
    """The customers that fit best, each once; exact beginnings in the order of the alphabet come first."""
    words = normalise.words_of(text)
    if not words or "\x00" in text:
        return []
    search = _Search(organization if isinstance(organization, int) else organization.pk, words, limit)
    return search.hits()


class _Search:
    """One search: what was found so far, and the steps that add to it."""

    def __init__(self, organization_id: int, words: list[str], limit: int) -> None:
        self.organization_id, self.limit = organization_id, limit
        self.phrase = " ".join(words)
        # The longest word narrows most.
        self.words = sorted(words, key=len, reverse=True)
        self.found: dict[int, CustomerHit] = {}

    def hits(self) -> list[CustomerHit]:
        """What fits, from the surest step to the boldest."""
        # One customer can match by several terms, so a few more are read than shown, and more where that was too few.
        for most in (self.limit + 2, self.limit * 4):
            rows = execute(beginning(most), [self.organization_id, *_range(self.phrase)])
            self._keep(rows)
            if len(rows) < most or len(self.found) >= self.limit:
                break
        if len(self.words) > 1:
            for word in self.words[:2]:
                if len(self.found) < self.limit:
                    self._keep_ids(self._beginnings(word))
        if not self.found and len(self.words[0]) >= SHORTEST_INFIX:
            self._keep_ids(self._infixes())
        if not self.found:
            for word in self._doubtful():
                self._keep_ids(self._slips(word))
                if self.found:
                    break
        return list(self.found.values())[: self.limit]

    def _doubtful(self) -> list[str]:
        shortest = SHORTEST_SLIP if len(self.words) == 1 else SHORTEST_SLIP - 1
        return [word for word in self.words[:3] if len(word) >= shortest]

    def _beginnings(self, word: str) -> list[Any]:
        narrowed, values = self._also(word, "d")
        sql = (
            "SELECT d.customer_id FROM (SELECT customer_id FROM customers_searchterm WHERE organization_id = %s"  # noqa: S608 - our own words
            f" AND term >= %s AND term < %s ORDER BY term, customer_id LIMIT {MOST_CANDIDATES}) d"
            f" WHERE {narrowed} LIMIT %s"
        )
        return execute(sql, [self.organization_id, *_range(word), *values, self.limit * 2])

    def _also(self, word: str, table: str) -> tuple[str, list[str]]:
        """The condition that the customer also has a term that begins with each other word."""
        others = [other for other in self.words if other != word]
        condition = (
            f"EXISTS (SELECT 1 FROM customers_searchterm o WHERE o.customer_id = {table}.customer_id"  # noqa: S608 - our own words
            " AND o.term >= %s AND o.term < %s)"
        )
        return " AND ".join([condition] * len(others)) or "true", [end for other in others for end in _range(other)]

    def _infixes(self) -> list[Any]:
        first, *others = self.words
        narrowed = "".join(
            " AND EXISTS (SELECT 1 FROM customers_searchterm o WHERE o.customer_id = t.customer_id"
            " AND o.term LIKE %s ESCAPE '!')"
            for _ in others
        )
        source = "customers_searchterm"
        if not has_trigram_index():
            source = (
                "(SELECT organization_id, customer_id, term FROM customers_searchterm"  # noqa: S608 - our own words
                f" WHERE organization_id = %s LIMIT {MOST_SCANNED})"
            )
        sql = (
            f"SELECT t.customer_id FROM {source} t WHERE t.organization_id = %s AND t.term LIKE %s ESCAPE '!'"  # noqa: S608 - our own words
            f"{narrowed} LIMIT %s"
        )
        owner = [self.organization_id] * (1 if has_trigram_index() else 2)
        # Not prepared: only with the very letters can PostgreSQL tell a rare word from one that is everywhere.
        with connection.cursor() as cursor:
            cursor.execute(sql, [*owner, _anywhere(first), *map(_anywhere, others), self.limit * 2])
            return list(cursor.fetchall())

    def _slips(self, word: str) -> list[Any]:
        narrowed, values = self._also(word, "t")
        wanted = slips_of(word)
        if not wanted:
            return []
        return execute(
            _slips_sql(narrowed, 4 if len(self.words) == 1 else 200),
            [_array(wanted), _array([each + LAST for each in wanted]), self.organization_id, *values, self.limit * 2]
            if connection.vendor == "postgresql"
            else [_array(wanted), self.organization_id, *values, self.limit * 2],
        )

    def _keep_ids(self, rows: Sequence[Sequence[Any]]) -> None:
        ids = list(dict.fromkeys(row[0] for row in rows))
        if not ids:
            return
        fields = ("id", "name", "email", "mobile", "last_branch_id", "merged_into_id")
        by_id = {row[0]: row for row in Customer.objects.filter(pk__in=ids).values_list(*fields)}
        self._keep([by_id[pk] for pk in ids if pk in by_id])

    def _keep(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add customers; a record that was merged into another one shows that one."""
        heads = {row[5] for row in rows if row[5] is not None}
        shown = {}
        if heads:
            fields = ("id", "name", "email", "mobile", "last_branch_id")
            shown = {row[0]: row for row in Customer.objects.filter(pk__in=heads).values_list(*fields)}
        for row in rows:
            head = shown.get(row[5], row)
            self.found.setdefault(head[0], CustomerHit(*head[:5]))


def _slips_sql(narrowed: str, most: int) -> str:
    if connection.vendor == "postgresql":
        return (
            "SELECT t.customer_id FROM unnest(%s::text[], %s::text[]) AS w(low, high) CROSS JOIN LATERAL ("  # noqa: S608 - our own words
            "SELECT customer_id, term FROM customers_searchterm WHERE organization_id = %s AND term >= w.low"
            f" AND term < w.high ORDER BY term, customer_id LIMIT {most}) t"
            f" WHERE {narrowed} ORDER BY t.term = w.low DESC, t.term, t.customer_id LIMIT %s"
        )
    return (
        "SELECT t.customer_id FROM json_each(%s) w JOIN customers_searchterm t ON t.organization_id = %s"  # noqa: S608 - our own words
        f" AND t.term >= w.value AND t.term < w.value || char({ord(LAST)}) WHERE {narrowed} LIMIT %s"
    )


@cache
def has_trigram_index() -> bool:
    """Whether the middle of a word can be looked up (asked once in the life of a process)."""
    if connection.vendor != "postgresql":
        return False
    return bool(execute("SELECT to_regclass('search_term_infix') IS NOT NULL")[0][0])


def is_rare(word: str) -> bool:
    """Whether the index of the middle of words is the way to this one: PostgreSQL believes that few terms hold it."""
    if not has_trigram_index():
        return False
    # It answers from its statistics, without looking at a term.
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN (FORMAT JSON) SELECT 1 FROM customers_searchterm WHERE term LIKE %s ESCAPE '!'", [_anywhere(word)]
        )
        said = cursor.fetchone()[0]
    plan = json.loads(said) if isinstance(said, str) else said
    return bool(plan[0]["Plan"]["Plan Rows"] <= MOST_RARE)


def _range(word: str) -> tuple[str, str]:
    return word, word + LAST


def _anywhere(word: str) -> str:
    for sign in "!%_":
        word = word.replace(sign, f"!{sign}")
    return f"%{word}%"


def _array(words: list[str]) -> Any:
    if connection.vendor == "postgresql":
        return words
    return json.dumps(words)


def terms_of(customer: Customer, identifiers: Sequence[tuple[str, str]], searchable: Sequence[str]) -> list[str]:
    """Every term of a record: its own columns, its live identifiers (kind, value) and its searchable fields (keys)."""
    terms = normalise.terms_of(customer.name, customer.email, customer.mobile)
    for kind, value in identifiers:
        terms += normalise.number_terms(value) if kind == "phone" else normalise.value_terms(value)
    for key in searchable:
        if (value := customer.custom.get(key)) not in (None, ""):
            terms += normalise.value_terms(str(value))
    return normalise.unique(terms)[:MOST_TERMS]


def hits_for(member: Membership, text: str) -> list[Hit]:
    """What customers adds to the search from anywhere."""
    if not member.can(Can.VIEW_CUSTOMERS):
        return []
    return [
        Hit(hit.name, hit.email or hit.mobile, reverse("customers:customer_detail", args=[hit.id]), "user")
        for hit in find(member.organization_id, text, limit=MOST_HITS)
    ]


def searchable_keys(organization_id: int) -> list[str]:
    """The keys of the organisation's fields by whose values customers are found."""
    fields = CustomField.objects.owned_by(organization_id).filter(is_searchable=True, is_archived=False)
    return list(fields.values_list("key", flat=True))
