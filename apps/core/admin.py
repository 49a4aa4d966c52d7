"""Back office of the kernel: events with retry, the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core import files, outbox
from apps.core.models import AuditEntry, FileState, IdempotencyRecord, OutboxEvent, StoredFile


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows that people may read but never edit."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    """Events; dead letters can be tried again."""

    list_display = ["id", "name", "organization", "announced_at", "attempts", "delivered_at", "dead_at"]
    list_filter = [
        "name",
        ("dead_at", admin.EmptyFieldListFilter),
        ("delivered_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["name", "request_id", "last_error"]
    actions = ["retry"]
    show_full_result_count = False

    @admin.action(description=_("Try the chosen events again"), permissions=["view"])
    def retry(self, request: HttpRequest, queryset: QuerySet[OutboxEvent]) -> None:
        """Give dead events another round of attempts."""
        now = timezone.now()
        for event in queryset.dead():  # type: ignore[attr-defined]
            outbox.revive(event, now=now)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """The audit log."""

    list_display = ["at", "organization", "actor_label", "action", "object_type", "object_label", "ip"]
    list_filter = ["action", "object_type"]
    search_fields = ["actor_label", "object_label", "request_id"]
    show_full_result_count = False


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnlyAdmin):
    """Files; those without a verdict can be shown to the scanner again."""

    list_display = ["id", "name", "organization", "kind", "size", "state", "finding", "created_at"]
    list_filter = ["state", "kind"]
    search_fields = ["name", "sha256", "reference"]
    actions = ["scan_again"]
    show_full_result_count = False

    @admin.action(description=_("Check the chosen files again"), permissions=["view"])
    def scan_again(self, request: HttpRequest, queryset: QuerySet[StoredFile]) -> None:
        """Only files without a verdict: an infected one stays infected."""
        for stored in queryset.filter(state=FileState.ERROR):
            files.scan_again(stored)


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Idempotency keys of the last day."""

    list_display = ["id", "organization", "caller", "request_line", "status", "created_at"]
    exclude = ["answer", "answer_headers"]
    search_fields = ["key", "caller"]
    show_full_result_count = False
