"""Taking events in. (For the schema and the long way; `receiving.receive` is what answers, on the short way too.)"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.api import ProblemSerializer
from apps.tracking import receiving

HOW = (
    "Accepts the JSON of the Segment specification as it is. The write key of a source is the user name of basic "
    "authentication, a bearer token, or `writeKey` in the body; an API key with the scope `events.send` does as well "
    "(`?source=` says for which source). Every call is answered: `accepted`, `duplicate` (the same id and content "
    "again), `conflict` (the same id, other content: it waits in the quarantine) or `rejected` with a reason. "
    "A repeated request is safe. At most 500 kB, 32 kB for one call; gzip is understood."
)


class CallSerializer(serializers.Serializer[Any]):
    """One call; further fields of the specification are kept as they come."""

    type = serializers.ChoiceField(choices=receiving.CALLS, required=False, help_text="In a batch.")
    messageId = serializers.CharField(max_length=100, required=False)
    userId = serializers.CharField(max_length=200, required=False)
    anonymousId = serializers.CharField(max_length=200, required=False)
    event = serializers.CharField(max_length=200, required=False, help_text="Of a track call.")
    name = serializers.CharField(max_length=200, required=False, help_text="Of a page or screen.")
    properties = serializers.DictField(required=False)
    traits = serializers.DictField(required=False, help_text="Of identify and group.")
    previousId = serializers.CharField(required=False, help_text="Of an alias.")
    groupId = serializers.CharField(required=False)
    timestamp = serializers.DateTimeField(required=False)
    sentAt = serializers.DateTimeField(required=False)


class BatchSerializer(serializers.Serializer[Any]):
    """Several calls."""

    batch = CallSerializer(many=True)
    sentAt = serializers.DateTimeField(required=False, help_text="By the sender's clock: corrects it.")
    backfill = serializers.BooleanField(required=False, help_text="Accept events of any age.")


class OutcomeSerializer(serializers.Serializer[Any]):
    """What became of one call."""

    message_id = serializers.CharField()
    status = serializers.ChoiceField(choices=["accepted", "duplicate", "conflict", "rejected"])
    reason = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)
    violations = serializers.ListField(child=serializers.CharField(), required=False)


class CallAnswerSerializer(OutcomeSerializer):
    """The answer to one call."""

    success = serializers.BooleanField()


class BatchAnswerSerializer(serializers.Serializer[Any]):
    """The answer to a batch."""

    success = serializers.BooleanField()
    accepted = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    conflict = serializers.IntegerField()
    rejected = serializers.IntegerField()
    results = OutcomeSerializer(many=True)


ERRORS = dict.fromkeys((400, 401, 403, 413, 429), ProblemSerializer)
AGE = OpenApiParameter("backfill", str, description="1: accept events of any age.")
SOURCE = OpenApiParameter("source", int, description="With an API key: the number of the source.")


class _Receive(APIView):
    public_reason = "The write key of a source is the credential."
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    call = ""

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """A browser's question before it sends from another website."""
        return receiving.preflight(request._request)


class ReceiveCall(_Receive):
    """One call; `call` is set by the address."""

    @extend_schema(
        summary="Take one call in",
        description=HOW,
        auth=[],
        parameters=[AGE, SOURCE],
        request=CallSerializer,
        responses={200: CallAnswerSerializer, **ERRORS},
    )
    def post(self, request: Request) -> HttpResponse:
        """Stored when the answer is there."""
        return receiving.receive(request._request, self.call)


class ReceiveBatch(_Receive):
    """Several calls."""

    @extend_schema(
        summary="Take several calls in",
        description=HOW,
        auth=[],
        parameters=[AGE, SOURCE],
        request=BatchSerializer,
        responses={200: BatchAnswerSerializer, **ERRORS},
    )
    def post(self, request: Request) -> HttpResponse:
        """Stored when the answer is there."""
        return receiving.receive(request._request, "")
