"""Back office: links, read-only."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.forms.models import OneTimeLink


@admin.register(OneTimeLink)
class OneTimeLinkAdmin(ReadOnlyAdmin):
    """Links; their secrets are not stored and cannot be shown."""

    list_display = ["id", "organization", "purpose", "created_at", "expires_at", "used_at", "revoked_at"]
    list_filter = ["purpose", ("used_at", admin.EmptyFieldListFilter), ("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["=id"]
    exclude = ["seed", "secret_sha256"]
    show_full_result_count = False
