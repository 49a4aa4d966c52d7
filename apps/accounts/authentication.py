"""How API callers say who they are: a machine's key, a person's access token, or the session of the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.headless.contrib.rest_framework.authentication import JWTTokenAuthentication
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts import queries
from apps.accounts.models import ApiKey
from apps.accounts.models.api_key import PREFIX, digest
from apps.core import ratelimit, tenancy
from apps.core.memory import Memory, copied
from apps.core.middleware import client_ip
from apps.core.prepared import PreparedRow

REMEMBER_USE_EVERY = timedelta(minutes=5)

# The first statement of every request with a key.
LIVE = PreparedRow(
    lambda digest, now: ApiKey.objects.live(now).select_related("organization").filter(secret_sha256=digest),
    digest="digest",
    now=datetime(2001, 1, 1, tzinfo=UTC),
)
REMEMBERED: Memory[ApiKey] = Memory()


def living_key(header: str, *, now: datetime) -> ApiKey | None:
    """The key in an Authorization header, with its organisation; None when there is none or it is dead."""
    scheme, _space, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.startswith(PREFIX):
        return None
    hashed = digest(secret)
    key = REMEMBERED.recall(hashed, lambda: LIVE.first(digest=hashed, now=now))
    return copied(key) if key is not None and (key.expires_at is None or key.expires_at > now) else None


def remember_use(key: ApiKey, *, now: datetime) -> None:
    """Note when the key was last used, to a few minutes: a write with every request would cost more than it tells."""
    if key.last_used_at is None or now - key.last_used_at > REMEMBER_USE_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer cck_…`; the organisation is the key's."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        """The key, or None when the header holds something else. Raises AuthenticationFailed for a dead key."""
        header = " ".join(get_authorization_header(request).decode("latin-1").split())
        if not header.partition(" ")[2].startswith(PREFIX):
            return None
        now = timezone.now()
        key = living_key(header, now=now)
        if key is None:
            # Before any throttle of DRF's: guessing keys is counted like any other stranger's knock.
            ratelimit.check("api_ip", client_ip(request._request) or "")
            raise AuthenticationFailed(_("This API key does not work (any more)."), code="bad_api_key")
        remember_use(key, now=now)
        request._request.organization = key.organization  # type: ignore[attr-defined]
        tenancy.enter(key.organization_id)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        """So that strangers get 401, not 403."""
        return "Bearer"


class BearerTokenAuthentication(JWTTokenAuthentication):
    """`Authorization: Bearer <access token>`: a person, in the organisation of X-Organization or their first."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The person, or None."""
        result: tuple[Any, Any] | None = super().authenticate(request)
        if result is not None:
            wanted = request.headers.get("X-Organization", "")
            member = queries.working_membership(result[0], int(wanted) if wanted.isdecimal() else None)
            request._request.member = member  # type: ignore[attr-defined]
            request._request.organization = member.organization if member else None  # type: ignore[attr-defined]
            if member:
                tenancy.enter(member.organization_id)
        return result

    def authenticate_header(self, request: Request) -> str:
        """So that strangers get 401, not 403."""
        return "Bearer"


class MemberSessionAuthentication(SessionAuthentication):
    """The session of the pages, with its CSRF check."""


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API's description names keys."""

    target_class = ApiKeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """A bearer token that begins with our prefix."""
        return {"type": "http", "scheme": "bearer", "description": f"A key that begins with {PREFIX}"}


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API's description names access tokens."""

    target_class = BearerTokenAuthentication
    name = "AccessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """A JWT from `POST /_allauth/app/v1/auth/login`."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class MemberSessionScheme(SessionScheme):  # type: ignore[no-untyped-call]
    """How the API's description names the pages' session."""

    target_class = MemberSessionAuthentication  # type: ignore[assignment]
    name = "Session"
