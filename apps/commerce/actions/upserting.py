"""Writing many rows by their natural key, in a fixed number of statements."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.commerce.models import Category, Order, Product
from apps.core.locks import wait_in_line
from apps.core.refused import Refused

M = TypeVar("M", Category, Product, Order)

MOST_AT_ONCE = 500
# Within eleven digits before the point every sum of a table fits the column.
LARGEST = Decimal(10) ** 11


class Outcome(StrEnum):
    """What became of one item."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Prepared:
    """A row as it will stand in the table; `also` is what belongs to it and counts for its hash."""

    source: str
    external_id: str
    values: Mapping[str, Any]
    also: Sequence[Any] = ()

    @property
    def row_hash(self) -> int:
        """Signed 64 bits of what was sent."""
        text = repr((sorted(self.values.items()), list(self.also)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


@dataclass(frozen=True)
class Upserted(Generic[M]):
    """What became of one item: the row, or why not; `changed` are the names of the fields."""

    outcome: Outcome
    row: M | None = None
    refused: Refused | None = None
    changed: tuple[str, ...] = field(default=())

    def get(self) -> M:
        """The row; raises the Refused."""
        if self.row is None:
            raise self.refused or Refused(_("This could not be stored."), code="rejected")
        return self.row


def key_of(source: str, external_id: str) -> tuple[str, str]:
    """The natural key; raises Refused (`bad_key`). Without an id the row gets one that nobody else has."""
    source, external_id = source.strip(), external_id.strip()
    if len(source) > 50 or len(external_id) > 100 or not (source + external_id + "x").isprintable():
        message = _("At most 50 characters for the source and 100 for the id, all of them printable.")
        raise Refused(message, code="bad_key", field="external_id")
    return source, external_id or f"c-{secrets.token_hex(8)}"


def amount(value: Decimal, places: int, name: str) -> Decimal:
    """The number as it is kept; raises Refused (`bad_number`) for one that is too long."""
    kept = value.quantize(Decimal(1).scaleb(-places)) if value.is_finite() and abs(value) < LARGEST else None
    if kept is None or kept != value:
        message = _("At most eleven digits before the point and %(places)d after it.") % {"places": places}
        raise Refused(message, code="bad_number", field=name)
    return kept


def upsert_rows(
    model: type[M], items: Sequence[Prepared | Refused], *, organization: Organization, now: datetime
) -> list[Upserted[M]]:
    """Store each item, in order; call it inside a transaction. At most `MOST_AT_ONCE`, else Refused (`too_many`)."""
    if len(items) > MOST_AT_ONCE:
        raise Refused(_("At most %(most)d at once.") % {"most": MOST_AT_ONCE}, code="too_many_items")
    # One writer at a time: two that bring the same new row would both try to make it.
    wait_in_line(f"commerce.{model._meta.model_name}:{organization.pk}")
    stored = existing(model, organization, [item for item in items if isinstance(item, Prepared)])
    seen: set[tuple[str, str]] = set()
    results: list[Upserted[M]] = []
    for item in items:
        results.append(_place(model, item, stored, seen, organization, now))
    model._default_manager.bulk_create(rows_of(results, Outcome.CREATED))
    if changed := rows_of(results, Outcome.UPDATED):
        names: set[str] = set()
        for result in results:
            names.update(result.changed if result.outcome == Outcome.UPDATED else ())
        model._default_manager.bulk_update(changed, [*sorted(names - {"lines"}), "row_hash", "updated_at", "version"])
    return results


def existing(model: type[M], organization: Organization, items: Sequence[Prepared]) -> dict[tuple[str, str], M]:
    """The stored rows of these natural keys, locked."""
    ids: dict[str, list[str]] = {}
    for item in items:
        ids.setdefault(item.source, []).append(item.external_id)
    wanted = Q(pk=None)
    for source, external_ids in ids.items():
        wanted |= Q(source=source, external_id__in=external_ids)
    rows: Any = model._default_manager.filter(wanted, organization=organization).select_for_update()
    return {(row.source, row.external_id): row for row in rows}


def rows_of(results: Sequence[Upserted[M]], *outcomes: Outcome) -> list[M]:
    """The rows to which this happened."""
    return [result.row for result in results if result.row is not None and result.outcome in outcomes]


def _place(
    model: type[M],
    item: Prepared | Refused,
    stored: dict[tuple[str, str], M],
    seen: set[tuple[str, str]],
    organization: Organization,
    now: datetime,
) -> Upserted[M]:
    if isinstance(item, Refused):
        return Upserted(Outcome.REJECTED, refused=item)
    key = (item.source, item.external_id)
    if key in seen:
        return Upserted(
            Outcome.REJECTED,
            refused=Refused(_("The same id stands in this list before."), code="twice", field="external_id"),
        )
    seen.add(key)
    row = stored.get(key)
    if row is None:
        row = model(
            organization=organization,
            source=item.source,
            external_id=item.external_id,
            row_hash=item.row_hash,
            created_at=now,
            updated_at=now,
            **item.values,
        )
        return Upserted(Outcome.CREATED, row)
    if row.row_hash == item.row_hash:
        return Upserted(Outcome.UNCHANGED, row)
    changed: list[str] = [name for name, value in item.values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, item.values[name])
    row.row_hash, row.updated_at, row.version = item.row_hash, now, row.version + 1
    if item.also:
        changed.append("lines")
    return Upserted(Outcome.UPDATED, row, changed=tuple(changed))
