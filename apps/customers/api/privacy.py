"""Privacy requests for programs: open one, look at it, carry it out."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import Can
from apps.core.api import KeysetList, ProblemSerializer, page_of
from apps.core.idempotency import IdempotentMixin
from apps.customers import privacy_queries
from apps.customers.actions import privacy
from apps.customers.api.asking import caller, organization_of, typed
from apps.customers.models import Customer, PrivacyKind, PrivacyRequest, PrivacyState, Purpose

PROBLEMS = {400: ProblemSerializer, 409: ProblemSerializer}


class PrivacyFilterSerializer(serializers.Serializer[Any]):
    """What narrows the list."""

    state = serializers.ChoiceField(PrivacyState.choices, required=False, default="")


class PrivacyRequestSerializer(serializers.ModelSerializer[PrivacyRequest]):
    """A request; `certificate` is empty until an erasure is done, and names nobody."""

    class Meta:
        model = PrivacyRequest
        fields = [
            "id",
            "kind",
            "state",
            "customer_number",
            "received_at",
            "due_at",
            "completed_at",
            "note",
            "approved_by_label",
            "certificate",
            "export_expires_at",
        ]


class OpenRequestSerializer(serializers.Serializer[Any]):
    """What the customer asked for."""

    customer_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    kind = serializers.ChoiceField(PrivacyKind.choices)
    purposes = serializers.ListField(
        child=serializers.ChoiceField(Purpose.choices),
        required=False,
        default=list,
        help_text="For an objection: against what.",
    )
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    received_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="When it came in: the deadline runs from then."
    )


class PreviewLineSerializer(serializers.Serializer[Any]):
    """Rows of one kind, and what an erasure does to them."""

    part = serializers.CharField()
    what = serializers.CharField()
    rows = serializers.IntegerField(source="number")
    fate = serializers.CharField(help_text="erased, anonymised or kept")
    reason = serializers.CharField()


class PrivacyRequestList(IdempotentMixin, KeysetList):
    """Every request, and the door for new ones."""

    permission = Can.HANDLE_PRIVACY
    keyset = privacy_queries.NEWEST
    serializer_class = PrivacyRequestSerializer

    @extend_schema(
        summary="Privacy requests, newest first",
        parameters=[PrivacyFilterSerializer],
        responses=page_of(PrivacyRequestSerializer),
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[PrivacyRequest]:
        """The requests that fit."""
        state = typed(PrivacyFilterSerializer, self.request.query_params)["state"]
        found = PrivacyRequest.objects.owned_by(organization_of(self.request))
        return found.filter(state=state) if state else found

    @extend_schema(
        summary="Open a privacy request",
        request=OpenRequestSerializer,
        responses={201: PrivacyRequestSerializer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Note what the customer asked for."""
        data = typed(OpenRequestSerializer, request.data)
        customers = Customer.objects.owned_by(organization_of(request))
        customer = get_object_or_404(customers, pk=data.pop("customer_id"))
        opened = privacy.open_request(customer, by=caller(request), now=timezone.now(), **data)
        return Response(PrivacyRequestSerializer(opened).data, status=status.HTTP_201_CREATED)


class PrivacyRequestDetail(APIView):
    """One request."""

    permission = Can.HANDLE_PRIVACY

    @extend_schema(summary="One privacy request", responses=PrivacyRequestSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """How far it is."""
        return Response(PrivacyRequestSerializer(_request(request, pk)).data)


class PrivacyRequestPreview(APIView):
    """What an erasure would do."""

    permission = Can.HANDLE_PRIVACY

    @extend_schema(summary="What an erasure would do to how many rows", responses=PreviewLineSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """The same lines as on the page; nothing happens."""
        lines = privacy_queries.preview(_request(request, pk))
        return Response(PreviewLineSerializer(lines, many=True).data)


class PrivacyRequestCarryOut(APIView):
    """Doing it."""

    permission = Can.HANDLE_PRIVACY

    @extend_schema(
        summary="Carry a privacy request out",
        description=(
            "Restrictions, objections and corrections are done at once; copies and erasures by a worker (`working`). "
            "Where a second person is wanted, an erasure waits (`waits`) and is confirmed on its page. Asked again it "
            "answers 409 with the code `not_open`."
        ),
        request=None,
        responses={200: PrivacyRequestSerializer, 409: ProblemSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Do it, or begin it."""
        row = privacy.carry_out(_request(request, pk), by=caller(request), now=timezone.now())
        return Response(PrivacyRequestSerializer(row).data)


def _request(request: Request, pk: int) -> PrivacyRequest:
    return get_object_or_404(PrivacyRequest.objects.owned_by(organization_of(request)), pk=pk)
