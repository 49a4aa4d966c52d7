"""Which records have to be looked at together, read from the database in a few statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from apps.customers.actions.many import among, ids, rows, select, table
from apps.customers.identity import COMMON, Key

# Of two rows of identifiers, that they are live and say the same.
_SAME = (
    "other.organization_id = mine.organization_id AND other.kind = mine.kind AND other.system = mine.system"
    " AND other.value = mine.value AND mine.revoked_at IS NULL AND other.revoked_at IS NULL"
)
_LIVE = "customers_identifier mine JOIN customers_identifier other ON " + _SAME
_KEY = "mine.kind, mine.system, mine.value"


@dataclass
class Connected:
    """Records with their live identifiers, complete: whoever shares one with one of them is among them.

    `common`: identifiers that join nobody because too many carry them.
    """

    records: dict[int, set[Key]] = field(default_factory=dict)
    common: set[Key] = field(default_factory=set)


def shared_or_grouped(customer_ids: Collection[int]) -> set[int]:
    """Those of these records that share an identifier with another one, or are one of several of a customer."""
    chosen = ids(customer_ids)
    found = select(
        f"SELECT mine.customer_id FROM customers_identifier mine WHERE {among('mine.customer_id')} AND EXISTS"  # noqa: S608 - our own words
        f" (SELECT 1 FROM customers_identifier other WHERE {_SAME} AND other.customer_id <> mine.customer_id)"
        f" UNION {_grouped()}",
        [chosen, chosen, chosen],
    )
    return {pk for (pk,) in found}


def grouped(customer_ids: Collection[int]) -> set[int]:
    """Those of these records that are one of several of a customer."""
    if not customer_ids:
        return set()
    return {pk for (pk,) in select(_grouped(), [ids(customer_ids), ids(customer_ids)])}


def _grouped() -> str:
    return (
        f"SELECT id FROM customers_customer WHERE {among('id')} AND merged_into_id IS NOT NULL UNION"  # noqa: S608 - our own words
        f" SELECT merged_into_id FROM customers_customer WHERE {among('merged_into_id')}"
    )


def read(seeds: Collection[int]) -> Connected:
    """Everything that has to be looked at with these records."""
    found = Connected()
    frontier = set(seeds) | _broken_by_common(seeds)
    while frontier:
        frontier |= _mates(frontier) - found.records.keys()
        for pk, keys in _identifiers(frontier).items():
            found.records[pk] = keys
        frontier = _neighbours(frontier, found.common) - found.records.keys()
    return found


def _identifiers(customer_ids: Collection[int]) -> dict[int, set[Key]]:
    keys: dict[int, set[Key]] = {pk: set() for pk in customer_ids}
    for pk, *key in select(
        "SELECT customer_id, kind, system, value FROM customers_identifier"  # noqa: S608 - our own words
        f" WHERE revoked_at IS NULL AND {among('customer_id')}",
        [ids(customer_ids)],
    ):
        keys[pk].add(Key(*key))
    return keys


def _mates(customer_ids: Collection[int]) -> set[int]:
    """The other records of the customers that these are today."""
    heads = select(
        f"SELECT DISTINCT coalesce(merged_into_id, id) FROM customers_customer WHERE {among('id')}",  # noqa: S608 - our own words
        [ids(customer_ids)],
    )
    chosen = {pk for (pk,) in heads}
    members = select(f"SELECT id FROM customers_customer WHERE {among('merged_into_id')}", [ids(chosen)])  # noqa: S608 - our own words
    return chosen | {pk for (pk,) in members} - set(customer_ids)


def _neighbours(customer_ids: Collection[int], common: set[Key]) -> set[int]:
    """Who shares an identifier with one of these; `common` grows by what was found to join nobody."""
    keys = _shared(customer_ids)
    common |= _too_common(keys)
    return _holders(keys.keys() - common, customer_ids)


def _shared(customer_ids: Collection[int]) -> dict[Key, int]:
    """The identifiers that these records share with any other, and how many records carry each."""
    counted = select(
        f"SELECT {_KEY}, count(DISTINCT other.customer_id) FROM {_LIVE} WHERE {among('mine.customer_id')}"  # noqa: S608 - our own words
        f" GROUP BY {_KEY} HAVING count(DISTINCT other.customer_id) > 1",
        [ids(customer_ids)],
    )
    return {Key(*key): count for *key, count in counted}


def _too_common(keys: Mapping[Key, int]) -> set[Key]:
    return {key for key, count in keys.items() if count > COMMON[key.kind]}


def _holders(keys: Collection[Key], customer_ids: Collection[int]) -> set[int]:
    """The records with one of these identifiers, asked for the organisation of `customer_ids`."""
    if not keys:
        return set()
    wanted = table(["text", "text", "text"], "wanted")
    found = select(
        f"SELECT DISTINCT i.customer_id FROM {wanted} JOIN customers_identifier i ON i.kind = wanted.c1"  # noqa: S608 - our own words
        " AND i.system = wanted.c2 AND i.value = wanted.c3 AND i.revoked_at IS NULL"
        " AND i.organization_id = (SELECT organization_id FROM customers_customer WHERE id = %s)",
        [rows(keys), next(iter(customer_ids))],
    )
    return {pk for (pk,) in found}


def _broken_by_common(seeds: Collection[int]) -> set[int]:
    """Customers whose records were joined by an identifier that has become too common with these records."""
    holders = _holders(_too_common(_shared(seeds)), seeds)
    if not holders:
        return set()
    heads = select(
        f"SELECT coalesce(merged_into_id, id) FROM customers_customer WHERE {among('id')}"  # noqa: S608 - our own words
        " GROUP BY 1 HAVING count(*) > 1",
        [ids(holders)],
    )
    return {pk for (pk,) in heads}
