"""Noting by what names a record was seen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.core.audit import Actor
from apps.core.locks import wait_in_line
from apps.customers.actions.identity import connected
from apps.customers.actions.identity.resolving import Resolution, resolve
from apps.customers.actions.many import moment, rows, select, table
from apps.customers.actions.search_terms import write_search_terms
from apps.customers.identity import Key, Seen, key_of
from apps.customers.models import Customer, Identifier


def lock(organization_id: int, *seen: Seen) -> None:
    """Until the transaction ends nobody else can note these names: look a customer up after this, then make one."""
    keys = {key for name in seen if (key := key_of(name))}
    wait_in_line(*(f"customers.identifier:{organization_id}:{key.kind}:{key.system}:{key.value}" for key in keys))


@transaction.atomic
def observe(
    customer: Customer,
    seen: Iterable[Seen],
    *,
    source: str,
    by: Actor,
    now: datetime,
    evidence: Mapping[str, Any] | None = None,
    is_insisting: bool = False,
) -> Customer:
    """Note that the record was seen under these names, and bring together what thereby belongs together.

    Values that name nobody are left out (`customers.identity.key_of`). What was taken back stays so, however often a
    source brings it again; only a person who types it into this record (`is_insisting`) gives it back.

    Args:
        customer: the record that was seen, not its head.
        source: who says so, e.g. `record`, `shopify`, `import:17`; `evidence`: what proves it, e.g. a file and a row.

    Returns:
        The head of the customer to whom the record belongs now, read anew where something changed.
    """
    fresh = note(customer, seen, source=source, now=now, evidence=evidence, is_insisting=is_insisting)
    # What the head of several records shows follows a change of any of them.
    resolve(customer.organization_id, [customer.pk] if fresh else connected.grouped([customer.pk]), by=by, now=now)
    head = head_of(customer)
    if fresh:
        write_search_terms(head)
    return head


def note(
    customer: Customer,
    seen: Iterable[Seen],
    *,
    source: str,
    now: datetime,
    evidence: Mapping[str, Any] | None = None,
    is_insisting: bool = False,
) -> bool:
    """Store the names alone, see `observe`; returns whether one is new. Who calls this calls `resolve` after it."""
    names = list(seen)
    lock(customer.organization_id, *names)
    keys = {key for name in names if (key := key_of(name))}
    fresh = _insert(customer.organization_id, [(customer.pk, key) for key in sorted(keys)], source, evidence, now)
    given_back = is_insisting and _give_back(customer, keys)
    return bool(fresh) or given_back


@transaction.atomic
def observe_many(
    organization_id: int,
    seen: Iterable[tuple[int, Seen]],
    *,
    source: str,
    by: Actor,
    now: datetime,
    evidence: Mapping[str, Any] | None = None,
) -> Resolution:
    """As `observe` for hundreds of thousands of records, each with its id, in a few statements.

    Call it after the records are stored, also for records that were only changed: what their head shows follows. Only
    records that share a new name with another one, or are one of several of a customer, are looked at.
    Somebody who is made a customer at the counter in the same moment is joined by `customers.resolve_recent`.
    """
    pairs: list[tuple[int, Key]] = []
    records: set[int] = set()
    for pk, name in seen:
        records.add(pk)
        if (key := key_of(name)) is not None:
            pairs.append((pk, key))
    fresh = _insert(organization_id, pairs, source, evidence, now)
    return resolve(organization_id, fresh | connected.grouped(records), by=by, now=now)


def head_of(customer: Customer) -> Customer:
    """The record that speaks for the customer to whom this record belongs, as stored now."""
    record = Customer.objects.select_related("organization").get(pk=customer.pk)
    if record.merged_into_id is None:
        return record
    return Customer.objects.select_related("organization").get(pk=record.merged_into_id)


def _insert(
    organization_id: int,
    pairs: list[tuple[int, Key]],
    source: str,
    evidence: Mapping[str, Any] | None,
    now: datetime,
) -> set[int]:
    """Store what is new; returns the records that were not known by all of these names."""
    if not pairs:
        return set()
    cast = "::jsonb" if connection.vendor == "postgresql" else ""
    inserted = select(
        "INSERT INTO customers_identifier"  # noqa: S608 - our own words
        " (organization_id, source, evidence, first_seen_at, customer_id, kind, system, value)"
        f" SELECT %s, %s, %s{cast}, {'%s::timestamptz' if cast else '%s'}, c1, c2, c3, c4"
        f" FROM {table(['bigint', 'text', 'text', 'text'], 'new')} WHERE true"
        " ON CONFLICT DO NOTHING RETURNING customer_id",
        [
            organization_id,
            source[:100],
            json.dumps(dict(evidence or {})),
            moment(now),
            rows((pk, *key) for pk, key in pairs),
        ],
    )
    return {pk for (pk,) in inserted}


def _give_back(customer: Customer, keys: set[Key]) -> bool:
    given = 0
    for key in keys:
        names = Identifier.objects.owned_by(customer.organization_id).named(key.kind, key.value, key.system)
        given += names.filter(customer=customer).exclude(revoked_at=None).update(revoked_at=None)
    return given > 0
