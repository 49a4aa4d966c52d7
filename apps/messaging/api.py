"""The API of messaging: what became of a message, and addresses that get nothing."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api import asking
from apps.accounts.permissions import Can
from apps.core.api import KeysetList, ProblemSerializer, page_of
from apps.messaging import actions, queries
from apps.messaging.actions.suppression import LONGEST_REASON
from apps.messaging.models import Message, MessageState, Suppression, SuppressionReason, SuppressionScope


class HistorySerializer(serializers.Serializer[Any]):
    """One line of the delivery history."""

    at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=MessageState.choices)
    detail = serializers.CharField(help_text="What the provider or the other server said.")
    code = serializers.CharField(help_text="A status of RFC 3463 where there is one.")
    provider = serializers.CharField()


class MessageSerializer(serializers.Serializer[Any]):
    """A message and what became of it; `delayed` is a queued one that was tried already."""

    id = serializers.UUIDField(source="public_id")
    kind = serializers.CharField()
    reference = serializers.CharField(help_text="What the message is about.")
    to_address = serializers.EmailField()
    subject = serializers.CharField()
    state = serializers.ChoiceField(source="state_choice", choices=MessageState.choices)
    provider = serializers.CharField()
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)


class MessageDetailSerializer(MessageSerializer):
    """A message with its history, oldest first."""

    history = HistorySerializer(many=True)


class SuppressionSerializer(serializers.Serializer[Any]):
    """An address that gets nothing, or got nothing until it was released."""

    id = serializers.IntegerField()
    address = serializers.CharField(help_text="Empty once it was erased.")
    scope = serializers.ChoiceField(choices=SuppressionScope.choices)
    reason = serializers.ChoiceField(choices=SuppressionReason.choices)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    released_at = serializers.DateTimeField(allow_null=True)
    released_by = serializers.CharField()


class ReleaseSerializer(serializers.Serializer[Any]):
    """Why mails may go there again."""

    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="It stands in the audit log.")


class MessageList(KeysetList):
    """Messages of the organisation."""

    permission = Can.VIEW_DELIVERIES
    keyset = queries.NEWEST
    serializer_class = MessageSerializer

    @extend_schema(
        summary="Messages, newest first",
        parameters=[
            OpenApiParameter("reference", str, description="What they are about: the answer of a trigger names it."),
            OpenApiParameter("to_address", str, description="One recipient."),
        ],
        responses={200: page_of(MessageSerializer), 400: ProblemSerializer},
    )
    def get(self, request: Request) -> Response:
        """One page."""
        return super().get(request)

    def get_queryset(self) -> QuerySet[Message]:
        """Without the bodies, which hold personal links."""
        found = Message.objects.owned_by(asking.organization(self.request)).defer("html", "text", "headers")
        asked = self.request.query_params
        if reference := asked.get("reference"):
            found = found.about(reference)
        if address := asked.get("to_address"):
            found = found.filter(to_address=address.strip().lower())
        return found


class MessageDetail(APIView):
    """One message."""

    permission = Can.VIEW_DELIVERIES

    @extend_schema(
        summary="A message and its delivery history", responses={200: MessageDetailSerializer, 404: ProblemSerializer}
    )
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """State and history."""
        organization = request._request.organization  # type: ignore[attr-defined]
        message = get_object_or_404(Message.objects.owned_by(organization), public_id=public_id)
        body: dict[str, Any] = {
            **MessageSerializer(message).data,
            "history": HistorySerializer(queries.history_of([message]), many=True).data,
        }
        return Response(body)


class SuppressionList(KeysetList):
    """Addresses that get nothing."""

    permission = Can.MANAGE_SUPPRESSIONS
    keyset = queries.NEWEST
    serializer_class = SuppressionSerializer

    @extend_schema(
        summary="Held-back addresses, newest first",
        parameters=[
            OpenApiParameter("q", str, description="A part of the address."),
            OpenApiParameter("show", str, enum=["all"], description="`all`: also those that were released."),
        ],
        responses={200: page_of(SuppressionSerializer), 400: ProblemSerializer},
    )
    def get(self, request: Request) -> Response:
        """One page."""
        return super().get(request)

    def get_queryset(self) -> QuerySet[Suppression]:
        """Those of now, or all."""
        asked = self.request.query_params
        return queries.suppressions(
            asking.organization(self.request),
            words=asked.get("q", "").strip(),
            is_all=asked.get("show") == "all",
            now=timezone.now(),
        )


class SuppressionRelease(APIView):
    """Send to an address again."""

    permission = Can.MANAGE_SUPPRESSIONS

    @extend_schema(
        summary="Send to a held-back address again",
        request=ReleaseSerializer,
        responses={200: SuppressionSerializer, 400: ProblemSerializer, 404: ProblemSerializer, 409: ProblemSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """409 `not_suppressed` when it is released already."""
        row = get_object_or_404(Suppression.objects.owned_by(asking.organization(request)), pk=pk)
        reason = asking.typed(ReleaseSerializer, request.data)["reason"]
        row = actions.release(row, by=asking.caller(request), now=timezone.now(), reason=reason)
        return Response(SuppressionSerializer(row).data)
