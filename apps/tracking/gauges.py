"""Numbers of tracking that are looked up when somebody scrapes."""

from __future__ import annotations

from django.db.models import Case, Count, Value, When

from apps.core import metrics
from apps.tracking.models import QuarantinedEvent, Todo


@metrics.gauge_source("compass_event_todos", "Work that waits to follow from behaviour events", ["kind", "state"])
def waiting_work() -> metrics.Samples:
    """By kind; `failed` was tried before and waits for its next attempt."""
    state = Case(When(attempts=0, then=Value("waiting")), default=Value("failed"))
    rows = Todo.objects.order_by().values_list("kind", state).annotate(count=Count("id"))
    return {(kind, said): count for kind, said, count in rows}


@metrics.gauge_source("compass_quarantined_events", "Quarantined events that wait for a decision", ["reason"])
def waiting_quarantine() -> metrics.Samples:
    """By reason."""
    rows = QuarantinedEvent.objects.waiting().order_by().values_list("reason").annotate(count=Count("id"))
    return {(reason,): count for reason, count in rows}
