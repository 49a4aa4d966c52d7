"""Which records are one customer: the rules, as a pure function of the set of identifiers.

`partition` knows no database. The same identifiers in any order of arrival give the same answer, because everything is
decided in one order that only depends on what the identifiers say:

1. Identifiers are taken by kind (joined by a person, user id, e-mail, id in another system, phone, device), then by
   value.
2. The records that share an identifier are united, in the order of what they are known by.
3. A union is refused, and the pair waits for review, when the customer would then have two user ids, more than
   `MOST_IDENTIFIERS` identifiers, or more of one kind than `LIMITS` says. What a person joined is never refused.
4. Phone and device are weak: families share a number and a tablet. They join records of which at most one customer has
   e-mail addresses. As soon as two customers with different addresses share the number, it joins only those without
   any address among themselves: nobody can say to which of the two they belong.
5. A value that more than `COMMON` records carry (a shop's own number typed for everybody) joins nobody.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

MANUAL, USER_ID, EMAIL, EXTERNAL, PHONE, ANONYMOUS_ID = (
    "manual",
    "user_id",
    "email",
    "external",
    "phone",
    "anonymous_id",
)
PRIORITY = {kind: place for place, kind in enumerate((MANUAL, USER_ID, EMAIL, EXTERNAL, PHONE, ANONYMOUS_ID))}
WEAK = frozenset({PHONE, ANONYMOUS_ID})
MOST_IDENTIFIERS = 20
# Of one kind and system, in one customer.
LIMITS = {USER_ID: 1, EMAIL: 5, EXTERNAL: 5, PHONE: 5, ANONYMOUS_ID: 5}
# So many records may carry one value before it says nothing any more.
COMMON = {MANUAL: 10_000, USER_ID: 500, EMAIL: 500, EXTERNAL: 500, PHONE: 20, ANONYMOUS_ID: 20}
BLOCKED = frozenset(
    {
        "-1", "(not set)", "[object object]", "anonymous", "distinct_id", "email", "false", "guest", "id", "n/a", "na",
        "nan", "nil", "none", "not_authenticated", "null", "true", "undefined", "unknown",
    }
)  # fmt: skip
_NOTHING = re.compile(r"\+?[0-]*")
LONGEST = 254


class Seen(NamedTuple):
    """A name under which a record was seen; `value` as it came, `system` for ids of other systems."""

    kind: str
    value: str
    system: str = ""


class Key(NamedTuple):
    """An identifier in its one notation: records that share it may be the same customer."""

    kind: str
    system: str
    value: str

    @property
    def order(self) -> tuple[int, str, str]:
        """Its place in the one order in which identifiers are looked at."""
        return PRIORITY[self.kind], self.value, self.system


def key_of(seen: Seen) -> Key | None:
    """The identifier in its one notation; None for what names nobody: empty, blocked, too long, of unknown kind.

    An address or a number is expected as `customers.normalise` writes it; here only case and edges are made equal.
    """
    value = str(seen.value).replace("\x00", "").strip()
    if seen.kind == EMAIL:
        value = value.lower()
    if seen.kind not in PRIORITY or len(value) > LONGEST or len(seen.system) > 50 or is_blocked(value):
        return None
    return Key(seen.kind, seen.system, value)


def is_blocked(value: str) -> bool:
    """Whether machines write this where they know nobody."""
    return value.strip().lower() in BLOCKED or _NOTHING.fullmatch(value.strip()) is not None


@dataclass(frozen=True)
class Join:
    """Two records of one customer, and the identifier that united the groups in which they were."""

    record: int
    other: int
    key: Key


@dataclass(frozen=True)
class Held:
    """Two customers (their oldest records) that share an identifier and wait for review. `why`: `user_ids`, `limit`."""

    record: int
    other: int
    key: Key
    why: str


@dataclass(frozen=True)
class Partition:
    """The answer: each record in exactly one group; a group lists its records, oldest (the head) first."""

    groups: list[tuple[int, ...]]
    joins: list[Join]
    held: list[Held]

    @property
    def heads(self) -> dict[int, int]:
        """Of each record the oldest of its group."""
        return {record: group[0] for group in self.groups for record in group}


class _Cluster:
    """Records that are known to be one customer."""

    def __init__(self, record: int, keys: Collection[Key], rank: int) -> None:
        self.records = [record]
        self.keys = {key for key in keys if key.kind != MANUAL}
        self.rank = rank

    @property
    def has_email(self) -> bool:
        return any(key.kind == EMAIL for key in self.keys)

    def absorb(self, other: _Cluster) -> None:
        self.records += other.records
        self.keys |= other.keys
        self.rank = min(self.rank, other.rank)

    def refusal(self, other: _Cluster) -> str | None:
        """Why the two must not be united without a person; a limit that one of them broke already is no reason."""
        if other.keys <= self.keys or self.keys <= other.keys:
            return None
        both = self.keys | other.keys
        counts, mine, theirs = (_counts(keys) for keys in (both, self.keys, other.keys))
        for name, count in counts.items():
            if count > LIMITS[name[0]] and count > max(mine[name], theirs[name]):
                return "user_ids" if name[0] == USER_ID else "limit"
        return "limit" if len(both) > MOST_IDENTIFIERS else None


def _counts(keys: Iterable[Key]) -> Counter[tuple[str, str]]:
    return Counter((key.kind, key.system) for key in keys)


def common_keys(records: Mapping[int, Collection[Key]]) -> frozenset[Key]:
    """The identifiers that so many of these records carry that they say nothing."""
    counts = Counter(key for keys in records.values() for key in set(keys))
    return frozenset(key for key, count in counts.items() if count > COMMON[key.kind])


def partition(records: Mapping[int, Collection[Key]], common: Collection[Key] = frozenset()) -> Partition:
    """Which of these records are one customer.

    Args:
        records: by id, the live identifiers of each. A part of all records gives the same groups as the whole, where
            every record that shares an identifier with one of the part is in the part as well.
        common: identifiers that join nobody, see `common_keys`.
    """
    ordered = sorted(records, key=lambda record: (sorted(key.order for key in records[record]), record))
    cluster_of = {record: _Cluster(record, records[record], rank) for rank, record in enumerate(ordered)}
    joins: list[Join] = []
    held: list[Held] = []
    for key, holders in _shared(records, ordered, common):
        _unite(key, holders, cluster_of, joins, held)
    clusters = {id(cluster): cluster for cluster in cluster_of.values()}.values()
    heads = {record: min(cluster.records) for record, cluster in cluster_of.items()}
    return Partition(
        groups=sorted(tuple(sorted(cluster.records)) for cluster in clusters),
        joins=joins,
        held=_final(held, heads),
    )


def _shared(
    records: Mapping[int, Collection[Key]], ordered: list[int], common: Collection[Key]
) -> list[tuple[Key, list[int]]]:
    """The identifiers of two or more records, in the one order, each with its records in theirs."""
    holders: dict[Key, list[int]] = defaultdict(list)
    for record in ordered:
        for key in set(records[record]):
            if key not in common:
                holders[key].append(record)
    shared = [(key, found) for key, found in holders.items() if len(found) > 1]
    return sorted(shared, key=lambda item: item[0].order)


def _unite(key: Key, holders: list[int], cluster_of: dict[int, _Cluster], joins: list[Join], held: list[Held]) -> None:
    """Unite the groups of those who share `key`, as far as the rules allow."""
    by_cluster: dict[int, int] = {}
    for record in holders:
        by_cluster.setdefault(id(cluster_of[record]), record)
    shown = sorted(by_cluster.values(), key=lambda record: cluster_of[record].rank)
    if key.kind in WEAK and sum(cluster_of[record].has_email for record in shown) > 1:
        shown = [record for record in shown if not cluster_of[record].has_email]
    placed: list[int] = []
    for record in shown:
        refusals = []
        for target in placed:
            why = None if key.kind == MANUAL else cluster_of[target].refusal(cluster_of[record])
            if why is None:
                _absorb(target, record, cluster_of)
                joins.append(Join(target, record, key))
                break
            refusals.append(Held(target, record, key, why))
        else:
            placed.append(record)
            held += refusals[:1]


def _absorb(target: int, record: int, cluster_of: dict[int, _Cluster]) -> None:
    kept, gone = cluster_of[target], cluster_of[record]
    kept.absorb(gone)
    for moved in gone.records:
        cluster_of[moved] = kept


def _final(held: list[Held], heads: Mapping[int, int]) -> list[Held]:
    """Each pair of customers once, named by the heads that they have in the end."""
    pairs: dict[tuple[int, int], Held] = {}
    for pair in held:
        first, second = sorted((heads[pair.record], heads[pair.other]))
        if first != second:
            pairs.setdefault((first, second), Held(first, second, pair.key, pair.why))
    return list(pairs.values())
