"""What customers do on websites and in products, who sends it, and what it should look like."""

from apps.tracking.models.event import CallType, ChangedDay, Event, EventKey
from apps.tracking.models.plan import PlanEvent, PlanMode, TrackingSettings
from apps.tracking.models.quarantine import QuarantinedEvent, QuarantineReason, QuarantineState
from apps.tracking.models.source import Source, SourceKind
from apps.tracking.models.todo import Todo, TodoKind

__all__ = [
    "CallType",
    "ChangedDay",
    "Event",
    "EventKey",
    "PlanEvent",
    "PlanMode",
    "QuarantineReason",
    "QuarantineState",
    "QuarantinedEvent",
    "Source",
    "SourceKind",
    "Todo",
    "TodoKind",
    "TrackingSettings",
]
