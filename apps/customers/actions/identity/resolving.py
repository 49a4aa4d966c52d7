"""Making the records agree with what their identifiers say."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.core.audit import Actor
from apps.core.locks import wait_in_line
from apps.customers.actions.identity import connected, log, suggestions
from apps.customers.actions.identity.whole import COLUMNS, own_values, shown_values
from apps.customers.actions.many import among, ids, moment, select
from apps.customers.actions.search_terms import write_search_terms_of
from apps.customers.identity import partition
from apps.customers.models import Customer, Identifier

_CHUNK = 1000


@dataclass(frozen=True)
class Resolution:
    """What came of it: counts of records joined to another one, split off, and pairs that wait for review."""

    merged: int = 0
    split: int = 0
    held: int = 0


@transaction.atomic
def resolve(
    organization_id: int, customer_ids: Collection[int], *, by: Actor, now: datetime, reason: str = ""
) -> Resolution:
    """Bring together, and take apart, what these records and those connected with them say.

    A few statements for any number of records; those that share nothing with another one cost one look-up in an index.
    Nothing changes when everything is as the rules want it.
    """
    touched = connected.shared_or_grouped(customer_ids) if customer_ids else set()
    if not touched:
        return Resolution()
    # Two that work on connected records at once would each see half of the truth.
    wait_in_line(f"customers.groups:{organization_id}")
    found = connected.read(touched)
    answer = partition(found.records, found.common)
    before = _heads(found.records)
    told = log.compare(before, answer.groups)
    told.joins, told.held = answer.joins, answer.held
    _write(answer.groups, before, now)
    if told:
        log.tell(organization_id, told, by=by, now=now, reason=reason)
    held = suggestions.hold(organization_id, answer, by=by, now=now)
    return Resolution(sum(map(len, told.merged.values())), sum(map(len, told.split.values())), held)


def resolve_recent(*, by: Actor, now: datetime, newest: int = 5000) -> Resolution:
    """Look again at the newest identifiers of everybody.

    An import and the counter may each have stored one record of the same customer without seeing the other's.
    """
    records: dict[int, set[int]] = {}
    latest = Identifier.objects.live().order_by("-id").values_list("organization_id", "customer_id")
    for organization_id, customer_id in latest[:newest]:
        records.setdefault(organization_id, set()).add(customer_id)
    done = [resolve(organization_id, ids, by=by, now=now) for organization_id, ids in sorted(records.items())]
    return Resolution(*map(sum, zip((0, 0, 0), *((r.merged, r.split, r.held) for r in done), strict=True)))


def resolve_shared(organization_id: int, *, by: Actor, now: datetime) -> Resolution:
    """Look at every identifier that two or more records share."""
    shared = select(
        "SELECT DISTINCT i.customer_id FROM customers_identifier i JOIN (SELECT kind, system, value"
        " FROM customers_identifier WHERE organization_id = %s AND revoked_at IS NULL"
        " GROUP BY kind, system, value HAVING count(*) > 1) s"
        " ON s.kind = i.kind AND s.system = i.system AND s.value = i.value"
        " WHERE i.organization_id = %s AND i.revoked_at IS NULL",
        [organization_id, organization_id],
    )
    return resolve(organization_id, [pk for (pk,) in shared], by=by, now=now)


def _heads(records: Collection[int]) -> dict[int, int]:
    """Of each record its head as stored."""
    sql = f"SELECT id, coalesce(merged_into_id, id) FROM customers_customer WHERE {among('id')}"  # noqa: S608 - our own words
    return dict(select(sql, [ids(records)]))


def _write(groups: list[tuple[int, ...]], before: dict[int, int], now: datetime) -> None:
    """Store the groups: who is merged into whom, and what each head shows. Rows that are right stay untouched."""
    moved = {record for group in groups for record in group if before[record] != group[0]}
    # Who was left by others has to forget what they lent it.
    left = {before[record] for record in moved}
    touched = [group for group in groups if len(group) > 1 or {*group} & (moved | left)]
    records = _locked({record for group in touched for record in group})
    updates = {group: _updates([records[pk] for pk in group], now) for group in touched}
    _save([update for rows in updates.values() for update in rows])
    # The words of the head may have been lent; each record is found by what it says itself.
    write_search_terms_of([records[group[0]] for group, rows in updates.items() if rows])


def _locked(pks: Collection[int]) -> dict[int, Customer]:
    chosen = sorted(pks)
    found: dict[int, Customer] = {}
    for start in range(0, len(chosen), _CHUNK):
        rows = Customer.objects.select_for_update(no_key=True).filter(pk__in=chosen[start : start + _CHUNK])
        found |= {customer.pk: customer for customer in rows.order_by("pk")}
    return found


def _updates(records: list[Customer], now: datetime) -> list[list[Any]]:
    """The parameters of `_save` for the records of one customer that are not yet as they should be."""
    stored = [_row(customer) for customer in records]
    for place, customer in enumerate(records):
        for name, value in own_values(customer).items():
            setattr(customer, name, value)
        customer.own = None
        customer.merged_into_id = records[0].pk if place else None
    values, records[0].own = shown_values(records)
    # The objects stay the records as they are; the table gets the head as the customer as a whole.
    wanted = [_row(customer) for customer in records]
    wanted[0] = _row(records[0], values)
    return [
        [*row, moment(now), customer.pk]
        for customer, row, old in zip(records, wanted, stored, strict=True)
        if row != old
    ]


def _row(customer: Customer, values: dict[str, Any] | None = None) -> list[Any]:
    shown = values or {name: getattr(customer, name) for name in COLUMNS}
    own = None if customer.own is None else json.dumps(customer.own)
    return [customer.merged_into_id, own, *(_parameter(shown[name]) for name in COLUMNS)]


def _parameter(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value)
    return moment(value) if isinstance(value, datetime) else value


def _save(updates: list[list[Any]]) -> None:
    cast = "::jsonb" if connection.vendor == "postgresql" else ""
    columns = ", ".join(f"{name} = %s{cast if name == 'custom' else ''}" for name in COLUMNS)
    sql = (
        f"UPDATE customers_customer SET merged_into_id = %s, own = %s{cast}, {columns},"  # noqa: S608 - our own words
        " updated_at = %s, version = version + 1 WHERE id = %s"
    )
    if updates:
        with connection.cursor() as cursor:
            cursor.executemany(sql, updates)
