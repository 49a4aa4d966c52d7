"""The consent ledger read as states: what holds now, or held at a moment."""

from __future__ import annotations

from datetime import datetime

from apps.customers.models import ConsentEntry, Customer

Place = tuple[str, str]


def states(customer: Customer, *, at: datetime | None = None) -> dict[Place, ConsentEntry]:
    """The last line for each (purpose, channel) of which the customer ever spoke, on whichever of their records.

    Args:
        at: as it stood then; None is now. What is missing was never said, which means no.
    """
    lines = ConsentEntry.objects.filter(customer__in=customer.member_ids).select_related("notice")
    if at is not None:
        lines = lines.filter(recorded_at__lte=at)
    return {(line.purpose, line.channel): line for line in lines.order_by("id")}


def was_given(customer: Customer, purpose: str, channel: str, *, at: datetime) -> bool:
    """Whether the customer agreed at this moment."""
    line = states(customer, at=at).get((purpose, channel))
    return line is not None and line.is_given


def history(customer: Customer) -> list[ConsentEntry]:
    """Every line, the newest first."""
    lines = ConsentEntry.objects.filter(customer__in=customer.member_ids).select_related("notice")
    return list(lines.order_by("-id"))
