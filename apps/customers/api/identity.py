"""Who is who by API: suspected duplicates, the records of a customer, merging and splitting."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import Can
from apps.core.api import KeysetList, ProblemSerializer, page_of
from apps.customers import actions, evidence
from apps.customers.api.asking import caller, organization_of, typed
from apps.customers.api.serializers import ROW_ID
from apps.customers.models import Customer, DuplicateSuggestion, Identifier, IdentityChange

PROBLEMS = {400: ProblemSerializer, 409: ProblemSerializer}


class ReasonSerializer(serializers.Serializer[Any]):
    """Why; kept in the log."""

    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class MergeSerializer(ReasonSerializer):
    """With whom."""

    other_id = serializers.IntegerField(**ROW_ID)


class SplitSerializer(ReasonSerializer):
    """Which records are somebody else."""

    record_ids = serializers.ListField(child=serializers.IntegerField(**ROW_ID), min_length=1, max_length=1000)


class HeadSerializer(serializers.Serializer[Any]):
    """The customer as it is now."""

    id = serializers.IntegerField(help_text="The record that speaks for the customer.")
    record_ids = serializers.ListField(child=serializers.IntegerField(), source="member_ids")


class DuplicateSerializer(serializers.ModelSerializer[DuplicateSuggestion]):
    """Two records that may be one customer."""

    class Meta:
        model = DuplicateSuggestion
        fields = ("id", "customer_id", "other_id", "reason", "score", "evidence", "state", "created_at")


class IdentifierSerializer(serializers.ModelSerializer[Identifier]):
    """By what a record is known."""

    shared_with = serializers.ListField(child=serializers.IntegerField(), read_only=True)

    class Meta:
        model = Identifier
        fields = ("id", "kind", "system", "value", "source", "evidence", "first_seen_at", "revoked_at", "shared_with")


class RecordSerializer(serializers.Serializer[Any]):
    """One record of a customer."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    is_head = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    identifiers = IdentifierSerializer(many=True)


class ChangeSerializer(serializers.ModelSerializer[IdentityChange]):
    """One line of the log."""

    class Meta:
        model = IdentityChange
        fields = ("id", "at", "action", "customer_id", "other_id", "rule", "evidence", "by_label")


class DuplicateList(KeysetList):
    """Pairs that wait for a decision, the surest first."""

    permission = Can.MERGE_CUSTOMERS
    keyset = evidence.QUEUE
    serializer_class = DuplicateSerializer

    @extend_schema(summary="Suspected duplicates", responses=page_of(DuplicateSerializer))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[DuplicateSuggestion]:
        """The open ones."""
        return evidence.queue(organization_of(self.request))


class DuplicateMerge(APIView):
    """The two are one."""

    permission = Can.MERGE_CUSTOMERS

    @extend_schema(
        summary="Merge a suspected duplicate", request=ReasonSerializer, responses={200: HeadSerializer, **PROBLEMS}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Merge."""
        pair = _suggestion(request, pk)
        reason = typed(ReasonSerializer, request.data)["reason"]
        head = actions.accept_duplicate(pair, reason=reason, by=caller(request), now=timezone.now())
        return Response(HeadSerializer(head).data)


class DuplicateReject(APIView):
    """The two are not the same."""

    permission = Can.MERGE_CUSTOMERS

    @extend_schema(
        summary="Keep a suspected duplicate apart", request=None, responses={200: DuplicateSerializer, **PROBLEMS}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Reject; nobody is asked again."""
        rejected = actions.reject_duplicate(_suggestion(request, pk), by=caller(request), now=timezone.now())
        return Response(DuplicateSerializer(rejected).data)


class CustomerRecords(APIView):
    """The records of a customer and by what they are known."""

    permission = Can.VIEW_CUSTOMERS

    @extend_schema(summary="Records of a customer", responses=RecordSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Every record, the head first."""
        return Response(
            [
                {
                    "id": record.customer.pk,
                    "name": record.customer.name,
                    "is_head": record.is_head,
                    "created_at": record.customer.created_at,
                    "identifiers": [
                        IdentifierSerializer(found.identifier).data | {"shared_with": found.shared_with}
                        for found in record.evidence
                    ],
                }
                for record in evidence.records_of(_head(request, pk))
            ]
        )


class CustomerMerge(APIView):
    """Two customers are one."""

    permission = Can.MERGE_CUSTOMERS

    @extend_schema(
        summary="Merge with another customer", request=MergeSerializer, responses={200: HeadSerializer, **PROBLEMS}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Merge; both records are kept."""
        one = _head(request, pk)
        data = typed(MergeSerializer, request.data)
        other = _head(request, data["other_id"])
        head = actions.merge(one, other, reason=data["reason"], by=caller(request), now=timezone.now())
        return Response(HeadSerializer(head).data)


class CustomerSplit(APIView):
    """Some records of a customer are somebody else."""

    permission = Can.MERGE_CUSTOMERS

    @extend_schema(
        summary="Split records off",
        description="The answer is the customer that stays.",
        request=SplitSerializer,
        responses={200: HeadSerializer, **PROBLEMS},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Split; everything is as it was before the merge."""
        head = _head(request, pk)
        data = typed(SplitSerializer, request.data)
        found = Customer.objects.owned_by(organization_of(request)).same_as(head).filter(pk__in=data["record_ids"])
        chosen = list(found)
        if len(chosen) != len(set(data["record_ids"])):
            raise serializers.ValidationError({"record_ids": ["Only records of this customer."]})
        stays = actions.split(chosen, reason=data["reason"], by=caller(request), now=timezone.now())
        return Response(HeadSerializer(stays).data)


class CustomerIdentityLog(KeysetList):
    """What was decided about the records of a customer, newest first."""

    permission = Can.VIEW_CUSTOMERS
    keyset = evidence.LOG
    serializer_class = ChangeSerializer

    @extend_schema(summary="Identity log of a customer", responses=page_of(ChangeSerializer))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[IdentityChange]:
        """The lines about any of its records."""
        return evidence.log_of(_head(self.request, self.kwargs["pk"]))


class IdentifierTakeBack(APIView):
    """A record does not carry this name."""

    permission = Can.MERGE_CUSTOMERS

    @extend_schema(
        summary="Take an identifier back", request=ReasonSerializer, responses={200: HeadSerializer, **PROBLEMS}
    )
    def post(self, request: Request, pk: int) -> Response:
        """No source brings it again."""
        identifier = _identifier(request, pk)
        reason = typed(ReasonSerializer, request.data)["reason"]
        head = actions.take_back(identifier, reason=reason, by=caller(request), now=timezone.now())
        return Response(HeadSerializer(head).data)


class IdentifierGiveBack(APIView):
    """An identifier that was taken back counts again."""

    permission = Can.MERGE_CUSTOMERS

    @extend_schema(
        summary="Give an identifier back", request=ReasonSerializer, responses={200: HeadSerializer, **PROBLEMS}
    )
    def post(self, request: Request, pk: int) -> Response:
        """It may merge records."""
        identifier = _identifier(request, pk)
        reason = typed(ReasonSerializer, request.data)["reason"]
        head = actions.give_back(identifier, reason=reason, by=caller(request), now=timezone.now())
        return Response(HeadSerializer(head).data)


def _head(request: Request, pk: int) -> Customer:
    found = get_object_or_404(Customer.objects.owned_by(organization_of(request)), pk=pk)
    return found if found.merged_into_id is None else actions.head_of(found)


def _suggestion(request: Request, pk: int) -> DuplicateSuggestion:
    return get_object_or_404(DuplicateSuggestion.objects.owned_by(organization_of(request)), pk=pk)


def _identifier(request: Request, pk: int) -> Identifier:
    return get_object_or_404(Identifier.objects.owned_by(organization_of(request)).select_related("customer"), pk=pk)
