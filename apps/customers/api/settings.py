"""Own fields, tags and kept searches of an organisation."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.core.api import KeysetList, ProblemSerializer, page_of
from apps.core.idempotency import IdempotentMixin
from apps.core.keyset import Keyset
from apps.core.refused import Refused
from apps.customers import advanced_search, queries, rules
from apps.customers.actions import fields, saved_searches, tags
from apps.customers.api import record_serializers as shapes
from apps.customers.api import serializers
from apps.customers.api.asking import caller, organization_of, typed, wrong_input_is_400
from apps.customers.models import Customer, CustomField, SavedSearch, Tag

PROBLEMS = {400: ProblemSerializer, 409: ProblemSerializer}


class FieldList(IdempotentMixin, KeysetList):
    """The organisation's own fields."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "POST": Can.MANAGE_FIELDS}
    keyset = Keyset("id")
    serializer_class = shapes.FieldSerializer

    @extend_schema(summary="Own fields of customers", responses=page_of(shapes.FieldSerializer))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[CustomField]:
        """The caller's fields, archived ones too."""
        return CustomField.objects.owned_by(organization_of(self.request))

    @extend_schema(summary="Define a field", responses={201: shapes.FieldSerializer, **PROBLEMS})
    def post(self, request: Request) -> Response:
        """Make one."""
        data = typed(shapes.FieldSerializer, request.data)
        with wrong_input_is_400():
            field = fields.create_field(_details(data), organization=organization_of(request), by=caller(request))
        return Response(shapes.FieldSerializer(field).data, status=status.HTTP_201_CREATED)


class FieldDetail(APIView):
    """One field."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "PATCH": Can.MANAGE_FIELDS}

    @extend_schema(summary="One field", responses=shapes.FieldSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The field."""
        return Response(shapes.FieldSerializer(self._field(request, pk)).data)

    @extend_schema(
        summary="Change a field",
        description="Key and kind never change. `is_archived: true` hides it; its values stay.",
        request=shapes.FieldSerializer(partial=True),
        responses={200: shapes.FieldSerializer, **PROBLEMS},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what was sent."""
        field = self._field(request, pk)
        serializer = shapes.FieldSerializer(field, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        data = shapes.FieldSerializer(field).data | serializer.validated_data
        with wrong_input_is_400():
            fields.update_field(field, _details(data), by=caller(request), is_archived=data["is_archived"])
        return self.get(request, pk)

    def _field(self, request: Request, pk: int) -> CustomField:
        return get_object_or_404(CustomField.objects.owned_by(organization_of(request)), pk=pk)


def _details(data: dict[str, Any]) -> fields.FieldDetails:
    return fields.FieldDetails(
        data["key"],
        data["label"],
        data["kind"],
        tuple(data.get("choices") or ()),
        data.get("is_searchable", False),
        data.get("position", 0),
    )


class TagList(KeysetList):
    """Every tag."""

    permission = Can.VIEW_CUSTOMERS
    keyset = Keyset("id")
    serializer_class = shapes.TagSerializer

    @extend_schema(summary="Tags", responses=page_of(shapes.TagSerializer))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Tag]:
        """The caller's tags."""
        return Tag.objects.owned_by(organization_of(self.request))


class TagDetail(APIView):
    """One tag."""

    permissions = {"PATCH": Can.MANAGE_FIELDS, "DELETE": Can.MANAGE_FIELDS}

    @extend_schema(
        summary="Rename a tag",
        description="With the name of another tag the two become one: the answer is that one.",
        request=shapes.TagNameSerializer,
        responses={200: shapes.TagSerializer, **PROBLEMS},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Give it another name."""
        tag = self._tag(request, pk)
        name = typed(shapes.TagNameSerializer, request.data)["name"]
        tag = tags.rename_tag(tag, name, by=caller(request))
        return Response(shapes.TagSerializer(tag).data)

    @extend_schema(summary="Delete a tag", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Take it off everybody, and away."""
        tags.delete_tag(self._tag(request, pk), by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _tag(self, request: Request, pk: int) -> Tag:
        return get_object_or_404(Tag.objects.owned_by(organization_of(request)), pk=pk)


class SearchList(IdempotentMixin, KeysetList):
    """Kept searches that the caller may see."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "POST": Can.VIEW_CUSTOMERS}
    keyset = Keyset("id")
    serializer_class = shapes.SearchSerializer

    @extend_schema(summary="Kept searches", responses=page_of(shapes.SearchSerializer))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[SavedSearch]:
        """A person's own and shared ones; a key sees those that are shared."""
        return _searches(self.request)

    @extend_schema(summary="Keep a search", responses={201: shapes.SearchSerializer, **PROBLEMS})
    def post(self, request: Request) -> Response:
        """Keep one; a key belongs to no person and cannot."""
        data = typed(shapes.SearchSerializer, request.data)
        with wrong_input_is_400():
            kept = saved_searches.save_search(_member(request), **data, now=timezone.now())
        return Response(shapes.SearchSerializer(kept).data, status=status.HTTP_201_CREATED)


class SearchDetail(APIView):
    """One kept search."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "PATCH": Can.VIEW_CUSTOMERS, "DELETE": Can.VIEW_CUSTOMERS}

    @extend_schema(summary="One kept search", responses=shapes.SearchSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The search."""
        return Response(shapes.SearchSerializer(get_object_or_404(_searches(request), pk=pk)).data)

    @extend_schema(
        summary="Change a kept search",
        request=shapes.SearchSerializer(partial=True),
        responses={200: shapes.SearchSerializer, **PROBLEMS},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what was sent."""
        kept = get_object_or_404(_searches(request), pk=pk)
        serializer = shapes.SearchSerializer(kept, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        stored = {name: getattr(kept, name) for name in ("name", "rule", "is_shared")}
        data = stored | {name: serializer.validated_data[name] for name in request.data if name in stored}
        with wrong_input_is_400():
            saved_searches.save_search(_member(request), **data, search=kept, now=timezone.now())
        return self.get(request, pk)

    @extend_schema(summary="Forget a kept search", responses={204: None, 409: ProblemSerializer})
    def delete(self, request: Request, pk: int) -> Response:
        """Forget it."""
        saved_searches.delete_search(get_object_or_404(_searches(request), pk=pk), by=_member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SearchResults(KeysetList):
    """Whom a rule fits."""

    permissions = {"POST": Can.VIEW_CUSTOMERS}
    keyset = queries.NEWEST
    serializer_class = serializers.CustomerRowSerializer

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Rules are too long for an address."""
        return self.http_method_not_allowed(request)

    @extend_schema(
        summary="Customers whom a rule fits",
        description="A search: changes nothing. `?cursor=` and `?limit=` as in every list.",
        request=shapes.AskSerializer,
        responses={200: page_of(serializers.CustomerRowSerializer), **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """One page of them."""
        return super().get(request)

    def get_queryset(self) -> QuerySet[Customer]:
        """Those whom the rule fits."""
        document = typed(shapes.AskSerializer, self.request.data)["rule"]
        with wrong_input_is_400():
            rule = rules.parse(document, organization_of(self.request))
        found = advanced_search.fitting(rule, now=timezone.now())
        return found.select_related("last_branch").with_survey_consent()


def _searches(request: Request) -> QuerySet[SavedSearch]:
    asking = caller(request)
    if isinstance(asking, Membership):
        return SavedSearch.objects.visible_to(asking)
    return SavedSearch.objects.owned_by(organization_of(request)).filter(is_shared=True)


def _member(request: Request) -> Membership:
    asking = caller(request)
    if not isinstance(asking, Membership):
        raise Refused(_("Searches belong to people; an API key is none."), code="no_person")
    return asking
