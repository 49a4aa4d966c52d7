"""Customers: capture, list, one record, its timeline and its consents."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.machine_list import machine_list
from apps.accounts.models import Organization
from apps.accounts.permissions import Can
from apps.core import etag
from apps.core.api import KeysetList, ProblemSerializer, is_plain, page_of
from apps.core.idempotency import IdempotentMixin
from apps.core.keyset import Keyset, Page
from apps.customers import actions, queries
from apps.customers.actions import VisitDraft, bulk
from apps.customers.api import serializers
from apps.customers.api.asking import caller, organization_of, typed, wrong_input_is_400
from apps.customers.models import ConsentAction, ConsentEntry, ConsentMethod, Customer, TimelineEntry, VisitSource

PROBLEMS = {400: ProblemSerializer, 409: ProblemSerializer}


class CustomerList(IdempotentMixin, KeysetList):
    """Every customer; and the door through which a visit makes one."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "POST": Can.RECORD_VISITS}
    keyset = queries.NEWEST
    serializer_class = serializers.CustomerRowSerializer

    @extend_schema(
        operation_id="customers_list",
        summary="Customers, newest first",
        parameters=[serializers.CustomerFilterSerializer],
        responses=page_of(serializers.CustomerRowSerializer),
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """One page; without filters the database writes the JSON."""
        if not is_plain(request.query_params):
            return super().get(request, *args, **kwargs)
        return self.written_by_database(partial(plain_customers, organization_of(request)))

    def get_queryset(self) -> QuerySet[Customer]:
        """The customers that fit the filters."""
        given = typed(serializers.CustomerFilterSerializer, self.request.query_params)
        filters = queries.CustomerFilters(
            text=given["q"],
            branch_id=given["branch_id"],
            consent=given["survey_consent"],
            since=given["since"],
            until=given["until"],
        )
        found = queries.customers(organization_of(self.request), filters)
        return found.select_related("last_branch").with_survey_consent()

    @extend_schema(
        summary="Record a visit",
        description=(
            "Finds the customer by e-mail, else by mobile, or makes a new one; looks branch and staff up or makes "
            "them; records the consent and the visit; and, where the customer agreed, a survey follows."
        ),
        request=serializers.CaptureSerializer,
        responses={201: serializers.CapturedSerializer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Capture a visit."""
        data = typed(serializers.CaptureSerializer, request.data)
        draft = VisitDraft(
            name=data["name"],
            email=data["email"],
            mobile=data["mobile"],
            has_email_consent=data["email_consent"],
            purpose=data["purpose_of_visit"],
            branch_id=data["branch_id"],
            branch_name=data["branch_name"],
            staff_name=data["staff_name"],
            source=VisitSource.API,
            has_come_back=data["has_come_back"],
        )
        with wrong_input_is_400():
            visit = actions.capture_visit(
                draft, organization=organization_of(request), by=caller(request), now=timezone.now()
            )
        follows = actions.SURVEY_TRIGGER.follows(visit)
        message = _("Visit recorded. A survey goes out.") if follows else _("Visit recorded. No survey goes out.")
        answer = {"id": visit.customer_id, "message": message, "survey_triggered": follows}
        return Response(answer, status=status.HTTP_201_CREATED)


def plain_customers(organization: Organization, cursor: str, size: int) -> Page[str]:
    """As `CustomerList` without filters; as a view of its own on the short way."""
    return queries.customer_json(organization, cursor=cursor, size=size)


plain_customer_list = machine_list(Can.VIEW_CUSTOMERS)(plain_customers)


class CustomerDetail(APIView):
    """One customer."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "PATCH": Can.EDIT_CUSTOMERS}

    @extend_schema(summary="One customer", responses=serializers.CustomerSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The record; of one that was merged into another, the customer to whom it belongs."""
        customer = _customer(request, pk)
        merged_into = customer.pk if customer.pk != pk else None
        data = serializers.CustomerSerializer(customer, context={"merged_into": merged_into}).data
        return etag.answer(request, customer, data)

    @extend_schema(
        summary="Change a customer",
        description=(
            "Fields that are left out stay as they are; an empty string empties a field. `custom` changes the keys it "
            "names (null takes one away), `tags` replaces all. `If-Match` takes the ETag of GET."
        ),
        parameters=[etag.IF_MATCH],
        request=serializers.CustomerPatchSerializer,
        responses={200: serializers.CustomerSerializer, **PROBLEMS},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what was sent."""
        data = typed(serializers.CustomerPatchSerializer, request.data)
        heads = Customer.objects.owned_by(organization_of(request))
        with etag.matching(request, heads, pk=_customer(request, pk).pk) as customer, wrong_input_is_400():
            bulk.change_customer(customer, data, by=caller(request), now=timezone.now())
        return self.get(request, pk)


class CustomerTimeline(KeysetList):
    """What happened with a customer, newest first."""

    permission = Can.VIEW_CUSTOMERS
    keyset = queries.TIMELINE
    serializer_class = serializers.TimelineEntrySerializer

    @extend_schema(
        summary="Timeline of a customer",
        parameters=[serializers.TimelineFilterSerializer],
        responses=page_of(serializers.TimelineEntrySerializer),
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[TimelineEntry]:
        """The customer's entries."""
        domain = typed(serializers.TimelineFilterSerializer, self.request.query_params)["domain"]
        records = _customer(self.request, self.kwargs["pk"]).member_ids
        return TimelineEntry.objects.filter(customer__in=records).of_domain(domain)


class CustomerConsents(IdempotentMixin, KeysetList):
    """The consent ledger of a customer, newest line first."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "POST": Can.RECORD_CONSENT}
    keyset = Keyset("-id")
    serializer_class = serializers.ConsentEntrySerializer

    @extend_schema(
        summary="Consent ledger of a customer",
        description="The first line of a purpose and channel is the current state; none means no.",
        responses=page_of(serializers.ConsentEntrySerializer),
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[ConsentEntry]:
        """The customer's lines."""
        return ConsentEntry.objects.of_customer(_customer(self.request, self.kwargs["pk"]))

    @extend_schema(
        summary="Record or withdraw consent",
        request=serializers.ConsentSerializer,
        responses={201: serializers.ConsentEntrySerializer, **PROBLEMS},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Add what the customer said."""
        customer = _customer(request, pk)
        data = typed(serializers.ConsentSerializer, request.data)
        verb = actions.record_consent if data.pop("action") == ConsentAction.GIVEN else actions.withdraw_consent
        entry = verb(customer, **data, method=ConsentMethod.API, by=caller(request), now=timezone.now())
        return Response(serializers.ConsentEntrySerializer(entry).data, status=status.HTTP_201_CREATED)


def _customer(request: Request, pk: int) -> Customer:
    """The customer of this record: the head of several."""
    customers = Customer.objects.owned_by(organization_of(request)).select_related("last_branch", "organization")
    record = get_object_or_404(customers, pk=pk)
    return record if record.merged_into_id is None else customers.get(pk=record.merged_into_id)
