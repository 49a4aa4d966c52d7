"""Back office of imports: runs and mappings, read-only."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.imports.models import ImportChange, ImportChunk, ImportMapping, ImportRun


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Files and what became of them."""

    list_display = ["id", "organization", "name", "target", "state", "work", "rows", "rejected", "created_at"]
    list_filter = ["state", "target", "work"]
    search_fields = ["name", "sha256"]
    list_select_related = ["organization"]
    show_full_result_count = False


@admin.register(ImportChunk)
class ImportChunkAdmin(ReadOnlyAdmin):
    """Stored parts."""

    list_display = ["id", "run", "number", "created", "updated", "unchanged", "withheld"]
    list_select_related = ["run"]
    show_full_result_count = False


@admin.register(ImportChange)
class ImportChangeAdmin(ReadOnlyAdmin):
    """Former values, kept for an undo."""

    list_display = ["id", "run", "label", "object_id"]
    list_select_related = ["run"]
    show_full_result_count = False


@admin.register(ImportMapping)
class ImportMappingAdmin(ReadOnlyAdmin):
    """Saved mappings."""

    list_display = ["id", "organization", "name", "target", "source", "created_at"]
    search_fields = ["name"]
    list_select_related = ["organization"]
