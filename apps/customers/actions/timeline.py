"""Writing the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.customers.models import TimelineEntry


def add_to_timeline(
    *,
    organization_id: int,
    customer_id: int,
    at: datetime,
    domain: str,
    kind: str,
    title: str,
    source_event: str,
    body: str = "",
    data: Mapping[str, Any] | None = None,
    reference: str = "",
) -> None:
    """Add one entry; call it from a handler of the event that it tells of.

    Args:
        domain: a `Domain`; `kind`: a stable word for programs, e.g. `visit`.
        title: one sentence for people; `body`: what was said or written.
        reference: the address of the page of the record, e.g. `/feedback/12/`.
        source_event: names the event and the record, e.g. `feedback.ResponseGiven:12`. The same one again (an event
            delivered twice) changes nothing.
    """
    entry = TimelineEntry(
        organization_id=organization_id,
        customer_id=customer_id,
        at=at,
        domain=domain,
        kind=kind,
        title=title[:200],
        body=body,
        data=dict(data or {}),
        reference=reference,
        source_event=source_event,
    )
    TimelineEntry.objects.bulk_create([entry], ignore_conflicts=True)
