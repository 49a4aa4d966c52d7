"""What happens to events, once, for every interface. Call through the module: `actions.ingest(…)`."""

from apps.tracking.actions.follow import follow_next
from apps.tracking.actions.ingest import Outcome, Sender, counted, ingest
from apps.tracking.actions.plan import (
    PlanDetails,
    SettingsDetails,
    remove_plan_event,
    save_plan_event,
    save_settings,
    settings_of,
)
from apps.tracking.actions.quarantine import dismiss, release
from apps.tracking.actions.source import SourceDetails, change_source, create_source, renew_write_key, revoke_source
from apps.tracking.actions.upkeep import (
    announce_changed_days,
    announce_received,
    delete_for_organizations,
    keep_partitions,
)

__all__ = [
    "Outcome",
    "PlanDetails",
    "Sender",
    "SettingsDetails",
    "SourceDetails",
    "announce_changed_days",
    "announce_received",
    "change_source",
    "counted",
    "create_source",
    "delete_for_organizations",
    "dismiss",
    "follow_next",
    "ingest",
    "keep_partitions",
    "release",
    "remove_plan_event",
    "renew_write_key",
    "revoke_source",
    "save_plan_event",
    "save_settings",
    "settings_of",
]
