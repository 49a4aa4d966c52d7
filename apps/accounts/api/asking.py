"""Who asks, as the actions want it."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from apps.accounts.guards import caller_of
from apps.accounts.models import ApiKey, Membership, Organization


def caller(request: Request) -> Membership | ApiKey:
    """The membership or key; the guard has let only such in."""
    found = caller_of(request)
    if found is None:
        raise PermissionDenied
    return found


def person(request: Request) -> Membership:
    """The membership. Raises PermissionDenied for keys, which are nobody."""
    found = caller(request)
    if not isinstance(found, Membership):
        raise PermissionDenied
    return found


def organization(request: Request) -> Organization:
    """For whom the caller works."""
    return caller(request).organization


def typed(serializer_class: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    """What was sent, checked. Raises ValidationError."""
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    checked: dict[str, Any] = serializer.validated_data
    return checked
