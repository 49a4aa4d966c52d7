"""Back office of messaging: messages with *send again*, suppressed addresses with *release*, webhook deliveries."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReadOnlyAdmin
from apps.core.audit import System
from apps.core.refused import Refused
from apps.messaging import actions
from apps.messaging.models import Message, MessageEvent, Suppression, WebhookDelivery


def _who(request: HttpRequest) -> System:
    return System(f"{request.user} (admin)")


class MessageEventInline(admin.TabularInline[MessageEvent, Message]):
    """The delivery history."""

    model = MessageEvent
    fields = ["at", "state", "provider", "code", "detail"]
    readonly_fields = ["at", "state", "provider", "code", "detail"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds."""
        return False


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Messages, without their bodies: those hold personal links."""

    list_display = [
        "id",
        "organization",
        "kind",
        "to_address",
        "subject",
        "state",
        "provider",
        "attempts",
        "created_at",
    ]
    list_filter = ["state", "kind", "provider", "bounce_class"]
    search_fields = ["to_address", "subject", "reference", "provider_message_id", "public_id"]
    list_select_related = ["organization"]
    exclude = ["html", "text", "headers"]
    inlines = [MessageEventInline]
    actions = ["send_again"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the bodies: a list of 100 mails would load them all."""
        return super().get_queryset(request).defer("html", "text")

    @admin.action(description=_("Send the chosen messages again"), permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Those that may not be sent again are named."""
        for message in queryset:
            try:
                actions.resend(message, by=_who(request), now=timezone.now())
            except Refused as refused:
                self.message_user(request, f"{message}: {refused.message}")


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    """Addresses to which nothing is sent."""

    list_display = [
        "id",
        "organization",
        "address",
        "scope",
        "reason",
        "created_at",
        "expires_at",
        "released_at",
        "released_by",
    ]
    list_filter = ["reason", "scope", ("released_at", admin.EmptyFieldListFilter)]
    search_fields = ["address", "address_sha256"]
    list_select_related = ["organization"]
    actions = ["release"]
    show_full_result_count = False

    @admin.action(description=_("Send to the chosen addresses again"), permissions=["view"])
    def release(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        """Those released already are left alone."""
        for row in queryset.filter(released_at=None):
            actions.release(row, by=_who(request), now=timezone.now(), reason="Django admin")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """What providers told us."""

    list_display = [
        "id",
        "provider",
        "delivery_id",
        "received_at",
        "attempts",
        "processed_at",
        "dead_at",
        "last_error",
    ]
    list_filter = ["provider", ("dead_at", admin.EmptyFieldListFilter)]
    search_fields = ["delivery_id", "last_error"]
    show_full_result_count = False
