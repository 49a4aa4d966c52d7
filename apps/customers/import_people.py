"""People of imported rows become customers: found again or made, a thousand at a time, never those who were erased."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from apps.accounts.models import Organization
from apps.core.audit import System
from apps.core.locks import wait_in_line
from apps.customers.actions.identity import observe_many
from apps.customers.actions.identity.whole import own_values
from apps.customers.actions.privacy.erased import is_erased
from apps.customers.actions.search_terms import write_search_terms_of
from apps.customers.identity import EMAIL, PHONE, Key, Seen, key_of
from apps.customers.models import Customer, Identifier
from apps.imports import upsert
from apps.imports.sentences import sentence
from apps.imports.target import Rejection

if TYPE_CHECKING:
    from apps.customers.actions.privacy.erased import Identity

LABEL = "customers.Customer"
BATCH = 1000
PLAIN = ("name", "email", "mobile", "language", "time_zone", "kind")
IMPORTER = System("import")


@dataclass
class Person:
    """What a row says of a customer: by what they are known, the first name first, and what is stored."""

    row: int
    names: list[Seen]
    values: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    since: datetime | None = None

    @property
    def key(self) -> Key | None:
        """By what the record is found again."""
        return next((key for name in self.names if (key := key_of(name))), None)


@dataclass
class Kept:
    """Record ids by row; rows of erased customers; what was new and what changed."""

    records: dict[int, int] = field(default_factory=dict)
    withheld: set[int] = field(default_factory=set)
    created: list[Customer] = field(default_factory=list)
    former: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    repeated: set[int] = field(default_factory=set)
    rejected: list[Rejection] = field(default_factory=list)

    @property
    def made(self) -> list[tuple[int, int]]:
        """Ranges of new ids."""
        ranges: list[tuple[int, int]] = []
        for pk in sorted(customer.pk for customer in self.created):
            if ranges and pk == ranges[-1][1] + 1:
                ranges[-1] = (ranges[-1][0], pk)
            else:
                ranges.append((pk, pk))
        return ranges


def keep(people: Sequence[Person], *, organization: Organization, run_id: int, now: datetime) -> Kept:
    """Find or make a record for each row, in a fixed number of statements for a thousand of them."""
    kept = Kept()
    wait_in_line(f"customers.import:{organization.pk}")
    first = _first_of_each(people, kept)
    found = known_records(organization.pk, first)
    gone = is_erased(organization.pk, (each for person in first.values() for each in _identities(person)))
    if gone:
        first = {key: _without(person, gone) if key in found else person for key, person in first.items()}
    fresh = {key: person for key, person in first.items() if key not in found}
    for person in fresh.values():
        if gone and gone & set(_identities(person)):
            kept.withheld.add(person.row)
    wanted = {key: person for key, person in fresh.items() if person.row not in kept.withheld}
    made = [_record(organization, person, now) for person in wanted.values()]
    Customer.objects.bulk_create(made, batch_size=BATCH)
    kept.created = made
    records = dict(found) | {key: customer.pk for key, customer in zip(wanted, made, strict=True)}
    changed = _change({found[key]: person for key, person in first.items() if key in found}, kept, now)
    seen = [(records[key], name) for key, person in first.items() if key in records for name in person.names]
    observe_many(organization.pk, seen, source=f"import:{run_id}", by=IMPORTER, now=now, evidence={"import": run_id})
    write_words([customer.pk for customer in (*made, *changed)])
    for person in people:
        if person.key in records:
            kept.records[person.row] = records[person.key]
        elif person.key in first and first[person.key].row in kept.withheld:
            kept.withheld.add(person.row)
    return kept


def _first_of_each(people: Sequence[Person], kept: Kept) -> dict[Key, Person]:
    first: dict[Key, Person] = {}
    for person in people:
        key = person.key
        if key is None:
            said = sentence("nothing_to_know_by", "")
            kept.rejected.append(Rejection(person.row, "external_id", "", "nothing_to_know_by", said))
        elif key not in first:
            first[key] = person
        elif (first[key].values, first[key].custom) == (person.values, person.custom):
            kept.repeated.add(person.row)
        else:
            said = sentence("duplicate_key")
            kept.rejected.append(Rejection(person.row, "external_id", key.value, "duplicate_key", said))
    return first


def known_records(organization_id: int, keys: Iterable[Key]) -> dict[Key, int]:
    """The oldest record with each of these names."""
    import polars as pl

    groups: dict[tuple[str, str], list[str]] = {}
    for key in keys:
        groups.setdefault((key.kind, key.system), []).append(key.value)
    found: dict[Key, int] = {}
    for (kind, system), values in groups.items():
        where = {"organization_id": organization_id, "kind": kind, "system": system}
        rows = upsert.ids_of(
            Identifier, pl.Series(values, dtype=pl.String), column="value", where=where, more=("customer_id",)
        )
        for value, _pk, customer in sorted(rows.iter_rows(), key=lambda row: -row[2]):
            found[Key(kind, system, value)] = customer
    return found


def _identities(person: Person) -> list[Identity]:
    return [_identity(key) for name in person.names if (key := key_of(name))]


def _identity(key: Key) -> Identity:
    return (key.kind, key.value, key.system)


def _without(person: Person, gone: set[Identity]) -> Person:
    """What the row says of a customer whom we have, without what belonged to somebody erased."""
    found_by = _identity(person.key) if person.key else None
    lost = {identity for identity in _identities(person) if identity in gone and identity != found_by}
    if not lost:
        return person
    kinds = {kind for kind, _value, _system in lost}
    hidden = {column: None for column, kind in (("email", EMAIL), ("mobile", PHONE)) if kind in kinds}
    names = [name for name in person.names if (named := key_of(name)) is None or _identity(named) not in lost]
    return replace(person, names=names, values=person.values | hidden)


def _record(organization: Organization, person: Person, now: datetime) -> Customer:
    values = {key: value for key, value in person.values.items() if value is not None}
    if not values.get("name"):
        values["name"] = values.get("email") or values.get("mobile") or person.names[0].value
    customer = Customer(organization=organization, created_at=person.since or now, updated_at=now, **values)
    customer.custom = {key: value for key, value in person.custom.items() if value is not None}
    return customer


def _change(people: Mapping[int, Person], kept: Kept, now: datetime) -> list[Customer]:
    """Write what the file says otherwise; a field that it leaves empty stays."""
    changed = []
    ids = sorted(people)
    for start in range(0, len(ids), BATCH):
        rows = Customer.objects.select_for_update(no_key=True).filter(pk__in=ids[start : start + BATCH])
        batch = []
        for customer in rows.order_by("pk"):
            person, own = people[customer.pk], own_values(customer)
            new = {key: value for key, value in person.values.items() if value is not None and own[key] != value}
            custom = {**own["custom"], **{key: value for key, value in person.custom.items() if value is not None}}
            if custom != own["custom"]:
                new["custom"] = custom
            if new:
                before = {key: own[key] for key in new} | {"updated_at": customer.updated_at.isoformat()}
                kept.former.append((LABEL, customer.pk, before))
                for key, value in new.items():
                    setattr(customer, key, value)
                customer.touch(now)
                batch.append(customer)
        Customer.objects.bulk_update(batch, [*PLAIN, "custom", "updated_at", "version"], batch_size=100)
        changed += batch
    return changed


def write_words(ids: Sequence[int]) -> None:
    """The words by which these are found; read anew, because who belongs to whom may just have changed."""
    for start in range(0, len(ids), BATCH):
        write_search_terms_of(Customer.objects.filter(pk__in=ids[start : start + BATCH]))
