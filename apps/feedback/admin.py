"""Back office: requests, responses, settings."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.feedback.models import Response, SurveyRequest, SurveySettings


@admin.register(SurveyRequest)
class SurveyRequestAdmin(ReadOnlyAdmin):
    """Requests and how far they came."""

    list_display = ["id", "organization", "customer", "recipient", "requested_at", "delivery", "reminders_sent"]
    list_filter = ["delivery", "language"]
    search_fields = ["recipient", "=id"]
    list_select_related = ["organization", "customer"]
    show_full_result_count = False


@admin.register(Response)
class ResponseAdmin(ReadOnlyAdmin):
    """What customers said stays as they said it."""

    list_display = ["id", "organization", "customer", "stars", "sentiment", "is_contradiction", "submitted_at"]
    list_filter = ["stars", "sentiment", "is_contradiction", "language"]
    search_fields = ["comment", "=id"]
    exclude = ["form_key"]
    list_select_related = ["organization", "customer"]
    show_full_result_count = False


@admin.register(SurveySettings)
class SurveySettingsAdmin(ReadOnlyAdmin):
    """Changed on the product's own settings page, which checks and audits."""

    list_display = ["organization", "expiry_hours", "are_reminders_on", "max_reminders"]
