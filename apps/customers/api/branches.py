"""Branches, staff and visits."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import Can
from apps.core.api import KeysetList, ProblemSerializer, page_of
from apps.core.idempotency import IdempotentMixin
from apps.core.keyset import Keyset
from apps.customers import actions
from apps.customers.actions import BranchDetails, StaffDetails, VisitDraft
from apps.customers.api import serializers
from apps.customers.api.asking import caller, organization_of, typed, wrong_input_is_400
from apps.customers.models import Branch, Customer, StaffMember, Visit, VisitSource

PROBLEMS = {400: ProblemSerializer, 409: ProblemSerializer}


class BranchList(IdempotentMixin, KeysetList):
    """Every branch, open and closed."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "POST": Can.MANAGE_BRANCHES}
    keyset = Keyset("id")
    serializer_class = serializers.BranchSerializer

    @extend_schema(operation_id="branches_list", summary="Branches", responses=page_of(serializers.BranchSerializer))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Branch]:
        """The caller's branches."""
        return Branch.objects.owned_by(organization_of(self.request))

    @extend_schema(summary="Open a branch", responses={201: serializers.BranchSerializer, **PROBLEMS})
    def post(self, request: Request) -> Response:
        """Make one; `is_active` is ignored: a new branch is open."""
        data = typed(serializers.BranchSerializer, request.data)
        details = BranchDetails(data["name"], data.get("time_zone", ""), data.get("country", ""))
        with wrong_input_is_400():
            branch = actions.create_branch(details, organization=organization_of(request), by=caller(request))
        return Response(serializers.BranchSerializer(branch).data, status=status.HTTP_201_CREATED)


class BranchDetail(APIView):
    """One branch."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "PATCH": Can.MANAGE_BRANCHES}

    @extend_schema(summary="One branch", responses=serializers.BranchSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The branch."""
        branch = get_object_or_404(Branch.objects.owned_by(organization_of(request)), pk=pk)
        return Response(serializers.BranchSerializer(branch).data)

    @extend_schema(
        summary="Change a branch",
        description="`is_active: false` closes it: it takes no more visits, what happened there stays.",
        request=serializers.BranchSerializer(partial=True),
        responses={200: serializers.BranchSerializer, **PROBLEMS},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what was sent."""
        branch = get_object_or_404(Branch.objects.owned_by(organization_of(request)), pk=pk)
        serializer = serializers.BranchSerializer(branch, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        with wrong_input_is_400():
            actions.change_branch(
                branch,
                BranchDetails(*(data.get(name, getattr(branch, name)) for name in ("name", "time_zone", "country"))),
                is_active=data.get("is_active", branch.is_active),
                by=caller(request),
            )
        return self.get(request, pk)


class StaffList(IdempotentMixin, KeysetList):
    """Everybody who serves or served customers."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "POST": Can.MANAGE_BRANCHES}
    keyset = Keyset("id")
    serializer_class = serializers.StaffMemberSerializer

    @extend_schema(summary="Staff", responses=page_of(serializers.StaffMemberSerializer))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[StaffMember]:
        """The caller's staff."""
        return StaffMember.objects.owned_by(organization_of(self.request))

    @extend_schema(summary="Add a staff member", responses={201: serializers.StaffMemberSerializer, **PROBLEMS})
    def post(self, request: Request) -> Response:
        """Make one; another organisation's branch does not exist (404)."""
        data = typed(serializers.StaffMemberSerializer, request.data)
        organization, branch = organization_of(request), None
        if data.get("branch_id") is not None:
            branch = get_object_or_404(Branch.objects.owned_by(organization), pk=data["branch_id"])
        with wrong_input_is_400():
            person = actions.create_staff_member(
                StaffDetails(data["name"], branch), organization=organization, by=caller(request)
            )
        return Response(serializers.StaffMemberSerializer(person).data, status=status.HTTP_201_CREATED)


class VisitList(IdempotentMixin, KeysetList):
    """Visits, the latest first."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "POST": Can.RECORD_VISITS}
    keyset = Keyset("-visited_at", "-id")
    serializer_class = serializers.VisitSerializer

    @extend_schema(
        summary="Visits, the latest first",
        parameters=[serializers.VisitFilterSerializer],
        responses=page_of(serializers.VisitSerializer),
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Visit]:
        """The visits that fit the filters."""
        given = typed(serializers.VisitFilterSerializer, self.request.query_params)
        visits = Visit.objects.owned_by(organization_of(self.request))
        return visits.filter(**{name: value for name, value in given.items() if value is not None})

    @extend_schema(
        summary="Record a visit of a known customer",
        request=serializers.VisitDraftSerializer,
        responses={201: serializers.VisitSerializer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Record it; for customers who may be new use `POST /customers/`."""
        data = typed(serializers.VisitDraftSerializer, request.data)
        organization = organization_of(request)
        customer = get_object_or_404(Customer.objects.owned_by(organization), pk=data["customer_id"])
        draft = VisitDraft(
            name=customer.name,
            purpose=data["purpose_of_visit"],
            branch_id=data["branch_id"],
            branch_name=data["branch_name"],
            staff_name=data["staff_name"],
            customer_id=customer.pk,
            visited_at=data["visited_at"],
            source=VisitSource.API,
        )
        with wrong_input_is_400():
            visit = actions.capture_visit(draft, organization=organization, by=caller(request), now=timezone.now())
        return Response(serializers.VisitSerializer(visit).data, status=status.HTTP_201_CREATED)
