"""Keys for machines."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import actions
from apps.accounts.api import asking, serializers
from apps.accounts.models import ApiKey
from apps.accounts.permissions import Can
from apps.core.api import KeysetList, ProblemSerializer, page_of
from apps.core.keyset import Keyset

PROBLEMS = {400: ProblemSerializer, 403: ProblemSerializer, 409: ProblemSerializer}


class ApiKeyList(KeysetList):
    """The organisation's keys."""

    permission = Can.MANAGE_API_KEYS
    keyset = Keyset("-id")
    serializer_class = serializers.ApiKeySerializer

    @extend_schema(summary="API keys, newest first", responses=page_of(serializers.ApiKeySerializer))
    def get(self, request: Request) -> Response:
        """One page."""
        return super().get(request)

    def get_queryset(self) -> QuerySet[ApiKey]:
        """Keys, also revoked ones."""
        return ApiKey.objects.owned_by(asking.organization(self.request))

    @extend_schema(
        summary="Make an API key",
        description="The answer holds the secret, this once. A key may never do more than who makes it.",
        request=serializers.ApiKeyCreateSerializer,
        responses={201: serializers.NewApiKeySerializer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """A new key."""
        data = asking.typed(serializers.ApiKeyCreateSerializer, request.data)
        key, secret = actions.create_api_key(
            asking.organization(request), by=asking.caller(request), now=timezone.now(), **data
        )
        body = {**serializers.ApiKeySerializer(key).data, "secret": secret}
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class ApiKeyDetail(APIView):
    """One key."""

    permission = Can.MANAGE_API_KEYS

    @extend_schema(
        summary="Revoke an API key",
        request=None,
        responses={204: None, 403: ProblemSerializer, 404: ProblemSerializer},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """It works no longer; a second time changes nothing."""
        key = get_object_or_404(ApiKey.objects.owned_by(asking.organization(request)), pk=pk)
        actions.revoke_api_key(key, by=asking.caller(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
