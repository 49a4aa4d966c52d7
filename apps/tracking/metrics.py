"""Numbers of tracking for Prometheus."""

from __future__ import annotations

from apps.core import metrics

EVENTS = metrics.Counter("compass_events_total", "Behaviour events that arrived, by what became of them", ["outcome"])
FOLLOWED = metrics.Counter("compass_event_todos_total", "What followed from behaviour events", ["kind", "outcome"])
