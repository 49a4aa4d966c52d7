"""Who asks, and what they typed: the first of the three steps of every API view here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from apps.accounts.guards import caller_of
from apps.accounts.models import Organization
from apps.accounts.permissions import Caller
from apps.core.refused import Refused

# Refusals that only another body can heal. The others (a closed branch, a taken address) are conflicts: 409.
WRONG_INPUT = {
    "bad_date",
    "bad_choices",
    "bad_contact",
    "bad_email",
    "bad_external_id",
    "bad_field",
    "bad_key",
    "bad_kind",
    "bad_label",
    "bad_mobile",
    "bad_name",
    "bad_rule",
    "bad_tag",
    "name_missing",
    "name_too_long",
    "no_address",
    "purpose_too_long",
}


def organization_of(request: Request) -> Organization:
    """The organisation of the key or the membership; the guard has made sure that there is one."""
    organization: Organization = request._request.organization  # type: ignore[attr-defined]
    return organization


def caller(request: Request) -> Caller:
    """The key or the membership."""
    asking = caller_of(request)
    assert asking is not None
    return asking


def typed(serializer_class: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    """The checked values. Raises ValidationError, which becomes a 400."""
    if not isinstance(data, Mapping):
        raise ValidationError({"non_field_errors": ["Send an object."]})
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


@contextmanager
def wrong_input_is_400() -> Iterator[None]:
    """Within the block a refusal of what was typed is a 400 with the field, like any other field error."""
    try:
        yield
    except Refused as refused:
        if refused.code not in WRONG_INPUT:
            raise
        raise ValidationError({refused.field or "non_field_errors": [refused.message]}, code=refused.code) from refused
