"""What customers announces."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CustomerCreated(Event):
    """Somebody became a customer."""

    customer_id: int


@dataclass(frozen=True, kw_only=True)
class CustomerUpdated(Event):
    """The record changed; `fields` are the names of what changed, without values."""

    customer_id: int
    change_id: str
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class VisitRecorded(Event):
    """A visit was recorded. `has_email_consent`: whether the customer may be sent a survey by e-mail."""

    visit_id: int
    customer_id: int
    has_email_consent: bool


@dataclass(frozen=True, kw_only=True)
class ConsentChanged(Event):
    """The customer said yes or no to something; `entry_id` is the line of the ledger."""

    customer_id: int
    entry_id: int
    purpose: str
    channel: str
    is_given: bool


@dataclass(frozen=True, kw_only=True)
class CustomersMerged(Event):
    """Records turned out to be one customer: `customer_id` is its head, `merged_ids` what was joined to it."""

    customer_id: int
    merged_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class CustomersSplit(Event):
    """Records turned out to be other customers: `split_ids` no longer belong to `customer_id`."""

    customer_id: int
    split_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class CustomerErased(Event):
    """Everything about the customer is gone; `record_ids` are the records that were one customer."""

    customer_id: int
    record_ids: list[int]
    request_id: int
