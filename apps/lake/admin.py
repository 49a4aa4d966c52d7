"""Back office of the lake: files, read-only, with retry."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReadOnlyAdmin
from apps.core.audit import System
from apps.core.refused import Refused
from apps.lake import actions
from apps.lake.models import FileState, LakeFile


@admin.register(LakeFile)
class LakeFileAdmin(ReadOnlyAdmin):
    """Files; failed ones can be tried again."""

    list_display = [
        "id",
        "organization",
        "path",
        "state",
        "size",
        "attempts",
        "created_at",
        "stored_at",
    ]
    list_filter = ["state", "backend"]
    search_fields = ["path", "reference", "sha256"]
    exclude = ["content"]
    actions = ["retry"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the contents: a list of 100 files would load them all."""
        return super().get_queryset(request).defer("content").select_related("organization")

    @admin.action(description=_("Try the chosen files again"), permissions=["view"])
    def retry(self, request: HttpRequest, queryset: QuerySet[LakeFile]) -> None:
        """Only failed ones; the others are left alone."""
        who = System("" if isinstance(request.user, AnonymousUser) else f"{request.user} (admin)")
        for file in queryset.filter(state=FileState.FAILED):
            try:
                actions.retry(file, by=who, now=timezone.now())
            except Refused as refused:
                self.message_user(request, refused.message)
