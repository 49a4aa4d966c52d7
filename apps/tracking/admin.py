"""Back office of tracking. What has rules is changed on the pages; here it can be looked into."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.tracking.models import ChangedDay, Event, PlanEvent, QuarantinedEvent, Source, Todo, TrackingSettings


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    """Sources; their keys are hashed."""

    list_display = ["id", "name", "organization", "kind", "shown_prefix", "created_at", "revoked_at"]
    list_filter = ["kind", ("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "shown_prefix"]
    list_select_related = ["organization"]


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Events as they came."""

    list_display = ["id", "organization", "source", "type", "name", "person", "timestamp", "received_at"]
    list_filter = ["type", "is_bot", "is_test", "is_late"]
    search_fields = ["=person", "=message_id"]
    list_select_related = ["organization", "source"]
    show_full_result_count = False


@admin.register(QuarantinedEvent)
class QuarantinedEventAdmin(ReadOnlyAdmin):
    """What was not stored."""

    list_display = ["id", "organization", "source", "reason", "name", "message_id", "state", "received_at"]
    list_filter = ["reason", "state"]
    search_fields = ["=message_id", "name"]
    list_select_related = ["organization", "source"]
    show_full_result_count = False


@admin.register(Todo)
class TodoAdmin(ReadOnlyAdmin):
    """What still has to follow, and when it is tried again."""

    list_display = ["id", "organization", "kind", "at", "attempts", "not_before"]
    list_filter = ["kind", "attempts"]
    list_select_related = ["organization"]
    show_full_result_count = False


@admin.register(ChangedDay)
class ChangedDayAdmin(ReadOnlyAdmin):
    """Days that got events after they were over."""

    list_display = ["id", "organization", "day", "person", "customer", "changed_at"]
    list_select_related = ["organization", "customer"]
    show_full_result_count = False


@admin.register(PlanEvent)
class PlanEventAdmin(ReadOnlyAdmin):
    """The tracking plan."""

    list_display = ["id", "organization", "type", "name", "mode", "is_key_event"]
    list_filter = ["type", "mode"]
    search_fields = ["name"]
    list_select_related = ["organization"]


@admin.register(TrackingSettings)
class TrackingSettingsAdmin(ReadOnlyAdmin):
    """How events are taken in."""

    list_display = ["organization", "unknown_events", "late_days", "retention_months", "version"]
    list_select_related = ["organization"]
