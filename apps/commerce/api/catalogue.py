"""Products and categories."""

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
from apps.commerce.actions import CategoryDraft, ProductDraft
from apps.commerce.api import serializers
from apps.commerce.api.asking import one_by_one, wrong_input_is_400
from apps.commerce.models import Category, Product
from apps.core import etag
from apps.core.api import KeysetList, ProblemSerializer, page_of
from apps.core.idempotency import IdempotentMixin
from apps.customers.api.asking import caller, organization_of, typed

PERMISSIONS = {"GET": Can.VIEW_ORDERS, "POST": Can.EDIT_ORDERS, "PATCH": Can.EDIT_ORDERS}
WRONG = {400: ProblemSerializer}
CHANGED = {400: ProblemSerializer, 412: ProblemSerializer, 428: ProblemSerializer}


class ProductList(IdempotentMixin, KeysetList):
    """Every product."""

    permissions = PERMISSIONS
    keyset = queries.BY_NAME
    serializer_class = serializers.ProductSerializer

    @extend_schema(
        operation_id="products_list",
        summary="Products, by name",
        parameters=[serializers.ProductFilterSerializer],
        responses=page_of(serializers.ProductSerializer),
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Product]:
        """The products that fit the filters."""
        given = typed(serializers.ProductFilterSerializer, self.request.query_params)
        filters = queries.ProductFilters(given["q"], given["category_id"], given["is_active"])
        return queries.products(organization_of(self.request), filters)

    @extend_schema(
        summary="Add a product",
        description="With an external id that the source has already used, the product is changed.",
        request=serializers.ProductWriteSerializer,
        responses={201: serializers.ProductSerializer, **WRONG},
    )
    def post(self, request: Request) -> Response:
        """Make or change it."""
        draft = ProductDraft(**typed(serializers.ProductWriteSerializer, request.data))
        with wrong_input_is_400():
            product = actions.upsert_product(
                draft, organization=organization_of(request), by=caller(request), now=timezone.now()
            )
        return etag.answer(request, product, serializers.ProductSerializer(product).data, status=201)


class ProductBulk(IdempotentMixin, APIView):
    """Many products at once."""

    permission = Can.EDIT_ORDERS

    @extend_schema(
        summary="Add or change products",
        request=serializers.bulk_of(serializers.ProductWriteSerializer),
        responses={200: serializers.BulkAnswerSerializer, **WRONG},
    )
    def post(self, request: Request) -> Response:
        """Store each, and say what became of it."""
        who: dict[str, Any] = {"organization": organization_of(request), "by": caller(request), "now": timezone.now()}
        return one_by_one(
            request,
            serializers.ProductWriteSerializer,
            lambda drafts: actions.upsert_products(drafts, **who),
            lambda data: ProductDraft(**data),
        )


class ProductDetail(APIView):
    """One product."""

    permissions = PERMISSIONS

    @extend_schema(summary="One product", responses=serializers.ProductSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The product, with its ETag."""
        product = get_object_or_404(Product.objects.owned_by(organization_of(request)), pk=pk)
        return etag.answer(request, product, serializers.ProductSerializer(product).data)

    @extend_schema(
        summary="Change a product",
        description="Fields that are left out stay as they are.",
        parameters=[etag.IF_MATCH],
        request=serializers.ProductWriteSerializer(partial=True),
        responses={200: serializers.ProductSerializer, **CHANGED},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what was sent."""
        data = _partial(serializers.ProductWriteSerializer, request.data)
        with (
            wrong_input_is_400(),
            etag.matching(request, Product.objects.owned_by(organization_of(request)), pk=pk) as product,
        ):
            stored = {name: getattr(product, name) for name in ProductDraft.__dataclass_fields__ if name in FIELDS}
            if data.get("category_external_id"):
                stored["category_id"] = None
            draft = ProductDraft(**(stored | data))
            product = actions.update_product(product, draft, by=caller(request), now=timezone.now())
        return etag.answer(request, product, serializers.ProductSerializer(product).data)


FIELDS = {"name", "sku", "category_id", "price", "currency", "is_active"}


class CategoryList(IdempotentMixin, KeysetList):
    """Every category."""

    permissions = PERMISSIONS
    keyset = queries.BY_NAME
    serializer_class = serializers.CategorySerializer

    @extend_schema(
        operation_id="categories_list",
        summary="Categories, by name",
        responses=page_of(serializers.CategorySerializer),
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Category]:
        """The organisation's."""
        return Category.objects.owned_by(organization_of(self.request))

    @extend_schema(
        summary="Add a category",
        description="With an external id that the source has already used, the category is changed.",
        request=serializers.CategoryWriteSerializer,
        responses={201: serializers.CategorySerializer, **WRONG},
    )
    def post(self, request: Request) -> Response:
        """Make or change it."""
        draft = CategoryDraft(**typed(serializers.CategoryWriteSerializer, request.data))
        with wrong_input_is_400():
            category = actions.upsert_category(
                draft, organization=organization_of(request), by=caller(request), now=timezone.now()
            )
        return etag.answer(request, category, serializers.CategorySerializer(category).data, status=201)


class CategoryBulk(IdempotentMixin, APIView):
    """Many categories at once."""

    permission = Can.EDIT_ORDERS

    @extend_schema(
        summary="Add or change categories",
        request=serializers.bulk_of(serializers.CategoryWriteSerializer),
        responses={200: serializers.BulkAnswerSerializer, **WRONG},
    )
    def post(self, request: Request) -> Response:
        """Store each, and say what became of it."""
        who: dict[str, Any] = {"organization": organization_of(request), "by": caller(request), "now": timezone.now()}
        return one_by_one(
            request,
            serializers.CategoryWriteSerializer,
            lambda drafts: actions.upsert_categories(drafts, **who),
            lambda data: CategoryDraft(**data),
        )


class CategoryDetail(APIView):
    """One category."""

    permissions = PERMISSIONS

    @extend_schema(summary="One category", responses=serializers.CategorySerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The category, with its ETag."""
        category = get_object_or_404(Category.objects.owned_by(organization_of(request)), pk=pk)
        return etag.answer(request, category, serializers.CategorySerializer(category).data)

    @extend_schema(
        summary="Change a category",
        description="Fields that are left out stay as they are; `parent_id` null puts it at the top.",
        parameters=[etag.IF_MATCH],
        request=serializers.CategoryWriteSerializer(partial=True),
        responses={200: serializers.CategorySerializer, **CHANGED},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what was sent."""
        data = _partial(serializers.CategoryWriteSerializer, request.data)
        with (
            wrong_input_is_400(),
            etag.matching(request, Category.objects.owned_by(organization_of(request)), pk=pk) as category,
        ):
            draft = CategoryDraft(**({"name": category.name, "parent_id": category.parent_id} | data))
            category = actions.update_category(category, draft, by=caller(request), now=timezone.now())
        return etag.answer(request, category, serializers.CategorySerializer(category).data)


def _partial(serializer_class: Any, data: Any) -> dict[str, Any]:
    """The checked values of the fields that were sent, and that a change may name."""
    serializer = serializer_class(data=data, partial=True)
    serializer.is_valid(raise_exception=True)
    return {name: value for name, value in serializer.validated_data.items() if name not in ("source", "external_id")}
