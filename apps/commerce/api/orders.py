"""Orders, their payments and refunds."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import Can
from apps.commerce import actions, queries
from apps.commerce.actions import LineDraft, OrderChange, OrderDraft, PaymentDraft, RefundDraft
from apps.commerce.api import serializers
from apps.commerce.api.asking import one_by_one, wrong_input_is_400
from apps.commerce.models import Order, Payment, Refund
from apps.core import etag
from apps.core.api import KeysetList, ProblemSerializer, page_of
from apps.core.idempotency import IdempotentMixin
from apps.core.keyset import Keyset
from apps.customers.api.asking import caller, organization_of, typed

PERMISSIONS = {"GET": Can.VIEW_ORDERS, "POST": Can.EDIT_ORDERS, "PATCH": Can.EDIT_ORDERS}
WRONG = {400: ProblemSerializer, 409: ProblemSerializer}


class OrderList(IdempotentMixin, KeysetList):
    """Every order."""

    permissions = PERMISSIONS
    keyset = queries.NEWEST
    serializer_class = serializers.OrderRowSerializer

    @extend_schema(
        operation_id="orders_list",
        summary="Orders, newest first",
        parameters=[serializers.OrderFilterSerializer],
        responses=page_of(serializers.OrderRowSerializer),
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Order]:
        """The orders that fit the filters."""
        given = typed(serializers.OrderFilterSerializer, self.request.query_params)
        return queries.orders(organization_of(self.request), queries.OrderFilters(**given))

    @extend_schema(
        summary="Add an order",
        description=(
            "With an external id that the source has already used, the order is made to agree with what is sent; "
            "the same body again changes nothing."
        ),
        request=serializers.OrderWriteSerializer,
        responses={201: serializers.OrderSerializer, **WRONG},
    )
    def post(self, request: Request) -> Response:
        """Make or change it."""
        draft = _draft(typed(serializers.OrderWriteSerializer, request.data))
        with wrong_input_is_400():
            order = actions.upsert_order(
                draft, organization=organization_of(request), by=caller(request), now=timezone.now()
            )
        order.refresh_from_db()
        return etag.answer(request, order, serializers.OrderSerializer(order).data, status=201)


class OrderBulk(IdempotentMixin, APIView):
    """Many orders at once."""

    permission = Can.EDIT_ORDERS

    @extend_schema(
        summary="Add or change orders",
        request=serializers.bulk_of(serializers.OrderWriteSerializer),
        responses={200: serializers.BulkAnswerSerializer, **WRONG},
    )
    def post(self, request: Request) -> Response:
        """Store each, and say what became of it."""
        who: dict[str, Any] = {"organization": organization_of(request), "by": caller(request), "now": timezone.now()}
        return one_by_one(
            request, serializers.OrderWriteSerializer, lambda drafts: actions.upsert_orders(drafts, **who), _draft
        )


class OrderDetail(APIView):
    """One order."""

    permissions = PERMISSIONS

    @extend_schema(summary="One order with its lines", responses=serializers.OrderSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The order, with its ETag."""
        order = _order(request, pk)
        return etag.answer(request, order, serializers.OrderSerializer(order).data)

    @extend_schema(
        summary="Change an order",
        description="Fields that are left out stay as they are; the status `cancelled` calls the order off.",
        parameters=[etag.IF_MATCH],
        request=serializers.OrderPatchSerializer,
        responses={200: serializers.OrderSerializer, **WRONG, 412: ProblemSerializer, 428: ProblemSerializer},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what was sent."""
        change = OrderChange(**typed(serializers.OrderPatchSerializer, request.data))
        mine = Order.objects.owned_by(organization_of(request))
        with wrong_input_is_400(), etag.matching(request, mine, pk=pk) as order:
            order = actions.update_order(order, change, by=caller(request), now=timezone.now())
        return etag.answer(request, order, serializers.OrderSerializer(order).data)


class OrderCancel(IdempotentMixin, APIView):
    """Calling an order off."""

    permission = Can.EDIT_ORDERS

    @extend_schema(
        summary="Cancel an order",
        request=serializers.CancelSerializer,
        responses={200: serializers.OrderSerializer, **WRONG},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Call it off."""
        reason = typed(serializers.CancelSerializer, request.data)["reason"]
        order = actions.cancel_order(_order(request, pk), by=caller(request), now=timezone.now(), reason=reason)
        return etag.answer(request, order, serializers.OrderSerializer(order).data)


class OrderPayments(IdempotentMixin, KeysetList):
    """What was paid."""

    permissions = PERMISSIONS
    keyset = Keyset("-id")
    serializer_class = serializers.PaymentSerializer

    @extend_schema(summary="Payments of an order", responses=page_of(serializers.PaymentSerializer))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Payment]:
        """The order's."""
        return Payment.objects.filter(order=_order(self.request, self.kwargs["pk"]))

    @extend_schema(
        summary="Record a payment",
        request=serializers.PaymentWriteSerializer,
        responses={201: serializers.PaymentSerializer, **WRONG},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Note it."""
        order = _order(request, pk)
        draft = PaymentDraft(**typed(serializers.PaymentWriteSerializer, request.data))
        with wrong_input_is_400():
            payment = actions.record_payment(order, draft, by=caller(request), now=timezone.now())
        return Response(serializers.PaymentSerializer(payment).data, status=201)


class OrderRefunds(IdempotentMixin, KeysetList):
    """What went back."""

    permissions = PERMISSIONS
    keyset = Keyset("-id")
    serializer_class = serializers.RefundSerializer

    @extend_schema(summary="Refunds of an order", responses=page_of(serializers.RefundSerializer))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Refund]:
        """The order's."""
        return Refund.objects.filter(order=_order(self.request, self.kwargs["pk"]))

    @extend_schema(
        summary="Record a refund",
        request=serializers.RefundWriteSerializer,
        responses={201: serializers.RefundSerializer, **WRONG},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Note it."""
        order = _order(request, pk)
        draft = RefundDraft(**typed(serializers.RefundWriteSerializer, request.data))
        with wrong_input_is_400():
            refund = actions.record_refund(order, draft, by=caller(request), now=timezone.now())
        return Response(serializers.RefundSerializer(refund).data, status=201)


def _order(request: Request, pk: int) -> Order:
    return get_object_or_404(Order.objects.owned_by(organization_of(request)), pk=pk)


def _draft(data: dict[str, Any]) -> OrderDraft:
    lines = tuple(LineDraft(**line) for line in data.pop("lines"))
    return OrderDraft(lines=lines, **data)
