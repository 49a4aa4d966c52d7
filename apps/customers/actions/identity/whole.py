"""What the head of several records shows: the whole customer, while `own` remembers what its own record says.

`Customer.own` holds, for each value that comes from another record, what the head's own record says and what is shown
instead: `{"email": ["", "ada@example.com"]}`. It is None for a record without members. Whoever writes a column of a
head needs to know nothing of this: a column that differs from what was shown was written since, and is then the head's
own. So a split gives back exactly what a record said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from apps.customers.models import Customer

# The head's own value, else the first one that is not empty, in the order of the ids.
FIRST = (
    "name",
    "email",
    "mobile",
    "language",
    "time_zone",
    "preferred_channel",
    "owner_id",
    "company_id",
)
COLUMNS = (*FIRST, "last_visited_at", "last_branch_id", "custom", "is_restricted")


def own_values(customer: Customer) -> dict[str, Any]:
    """The columns as the record itself has them, without what other records lend it."""
    values = {name: getattr(customer, name) for name in COLUMNS}
    lent: Mapping[str, Any] = customer.own or {}
    for name in FIRST:
        if name in lent and values[name] == lent[name][1]:
            values[name] = lent[name][0]
    if "last_visit" in lent and _last_visit(customer) == lent["last_visit"][1]:
        at, values["last_branch_id"] = lent["last_visit"][0]
        values["last_visited_at"] = datetime.fromisoformat(at) if at else None
    if "is_restricted" in lent and customer.is_restricted == lent["is_restricted"][1]:
        values["is_restricted"] = lent["is_restricted"][0]
    if "custom" in lent:
        values["custom"] = _own_fields(customer.custom, *lent["custom"])
    return values


def shown_values(records: Sequence[Customer]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The columns and `own` of the first of these records, the head, which must show what it says itself.

    The others lend it what it lacks. The last visit is the latest of all; one restricted record restricts the customer.
    """
    head, *members = records
    values = {name: getattr(head, name) for name in COLUMNS}
    if not members:
        return values, None
    lent: dict[str, Any] = {}
    for name in FIRST:
        first = next((value for record in records if (value := getattr(record, name))), values[name])
        if first != values[name]:
            lent[name], values[name] = [values[name], first], first
    seen = [record for record in records if record.last_visited_at]
    if seen:
        latest = max(seen, key=lambda record: (record.last_visited_at, -record.pk))
        if _last_visit(latest) != _last_visit(head):
            lent["last_visit"] = [_last_visit(head), _last_visit(latest)]
            values |= {"last_visited_at": latest.last_visited_at, "last_branch_id": latest.last_branch_id}
    custom = {name: value for record in reversed(records) for name, value in record.custom.items()}
    if custom != head.custom:
        lent["custom"], values["custom"] = [head.custom, custom], custom
    if not head.is_restricted and any(record.is_restricted for record in members):
        lent["is_restricted"], values["is_restricted"] = [False, True], True
    return values, lent


def _last_visit(customer: Customer) -> list[Any]:
    at = customer.last_visited_at
    return [at.isoformat() if at else None, customer.last_branch_id]


def _own_fields(current: dict[str, Any], own: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    """The head's own fields, with what was written or taken away since they were shown."""
    changed = {name: value for name, value in current.items() if name not in shown or shown[name] != value}
    return {name: value for name, value in own.items() if name in current} | changed
