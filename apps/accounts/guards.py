"""The guards at the doors: `@requires(Can.X)` and `@public("why")` on pages, `permission = Can.X` in API views."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission

from apps.accounts.permissions import Can
from apps.core import ratelimit
from apps.core.access import public as public
from apps.core.middleware import client_ip

if TYPE_CHECKING:
    # rest_framework.views loads the permission class of this very module.
    from rest_framework.request import Request
    from rest_framework.views import APIView

    from apps.accounts.models import ApiKey, Membership, Organization, User

P = ParamSpec("P")


class MemberRequest(HttpRequest):
    """The request of a page behind `@requires`: who asks is settled."""

    user: User
    member: Membership
    organization: Organization


def requires(
    permission: Can,
) -> Callable[
    [Callable[Concatenate[MemberRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Let only members with this permission in: others sign in first (redirect) or read 403."""

    def decorate(
        view: Callable[Concatenate[MemberRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            member = getattr(request, "member", None)
            if member is None:
                if request.user.is_authenticated:
                    raise PermissionDenied
                return redirect_to_login(request.get_full_path())
            if not member.can(permission):
                raise PermissionDenied
            return view(cast(MemberRequest, request), *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return cast(Callable[Concatenate[HttpRequest, P], HttpResponseBase], guarded)

    return decorate


class DeniedUnlessDeclared(BasePermission):
    """The API's guard: asks the view's `permission`, or its `permissions` by method. Without either it is closed."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller (membership or API key) holds what the view declares."""
        needed: Can | None = getattr(view, "permissions", {}).get(request.method, getattr(view, "permission", None))
        caller = caller_of(request)
        if caller is None:
            # DRF throttles after this question, so those who fail it are counted here.
            ratelimit.check("api_ip", client_ip(request._request) or "")
            return False
        if needed is None and request.method not in view.allowed_methods:
            raise MethodNotAllowed(request.method or "")
        return needed is not None and caller.can(needed)


def caller_of(request: Any) -> Membership | ApiKey | None:
    """Who asks: the API key, or the membership with which the person works."""
    auth = getattr(request, "auth", None)
    if auth is not None and hasattr(auth, "can"):
        return auth  # type: ignore[no-any-return]
    return getattr(request, "member", None) or getattr(getattr(request, "_request", None), "member", None)
