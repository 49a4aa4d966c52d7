"""Back office of intelligence: tokens by day, fallbacks."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.intelligence.models import Fallback, TokenUse


@admin.register(TokenUse)
class TokenUseAdmin(ReadOnlyAdmin):
    """Tokens of each organisation by day."""

    list_display = ["day", "organization", "tokens", "calls"]
    list_select_related = ["organization"]
    date_hierarchy = "day"
    show_full_result_count = False


@admin.register(Fallback)
class FallbackAdmin(ReadOnlyAdmin):
    """When and why the built-in models stood in."""

    list_display = ["at", "organization", "task", "reason", "detail"]
    list_filter = ["reason", "task"]
    list_select_related = ["organization"]
    search_fields = ["detail"]
    show_full_result_count = False
