"""Reading events."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.permissions import Can
from apps.core.api import KeysetList, page_of
from apps.tracking import queries
from apps.tracking.models import CallType


class EventSerializer(serializers.Serializer[Any]):
    """One event as it is stored."""

    id = serializers.IntegerField()
    source_id = serializers.IntegerField()
    type = serializers.ChoiceField(choices=CallType.choices)
    name = serializers.CharField()
    message_id = serializers.CharField()
    person = serializers.CharField(help_text="`u:` and the user id, or `a:` and the anonymous id.")
    timestamp = serializers.DateTimeField(help_text="When it happened, by our clock.")
    received_at = serializers.DateTimeField()
    is_bot = serializers.BooleanField()
    is_test = serializers.BooleanField()
    is_late = serializers.BooleanField()
    violations = serializers.ListField(child=serializers.CharField(), allow_null=True)
    body = serializers.DictField(help_text="The call as it was sent.")


class EventFilterSerializer(serializers.Serializer[Any]):
    """The filters of the list."""

    source_id = serializers.IntegerField(required=False, allow_null=True, default=None)
    type = serializers.ChoiceField(required=False, default="", choices=CallType.choices)
    name = serializers.CharField(required=False, default="", max_length=200)
    status = serializers.ChoiceField(required=False, default="", choices=list(queries.STATUSES))
    person = serializers.CharField(required=False, default="", max_length=200, help_text="User or anonymous id.")


class EventList(KeysetList):
    """Events, newest first."""

    permission = Can.VIEW_EVENTS
    keyset = queries.NEWEST
    serializer_class = EventSerializer

    @extend_schema(
        summary="Events, newest first", parameters=[EventFilterSerializer], responses=page_of(EventSerializer)
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> Any:
        """The caller's events that fit the filters."""
        asked = EventFilterSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        filters = queries.EventFilters(
            given["source_id"], given["type"], given["name"], given["status"], given["person"]
        )
        return queries.events(self.request._request.organization, filters)  # type: ignore[attr-defined]
