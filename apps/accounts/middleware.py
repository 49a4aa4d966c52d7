"""Who asks: the person and the membership behind the session, in the language and time zone that are theirs.

Both come from the one SELECT with which the session was loaded. A visitor without a session cookie costs no query,
and neither does a page marked `@public`, unless it looks at `request.user` itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from apps.accounts import queries
from apps.accounts.models import Membership, Session, User
from apps.accounts.sessions import ORGANIZATION_KEY
from apps.core import tenancy

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class PersonMiddleware(AuthenticationMiddleware):
    """Django's, but the person comes with the session."""

    def process_request(self, request: HttpRequest) -> None:
        """Set `request.user`, asked for when it is first looked at."""
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: person_of(request))  # type: ignore[assignment]


def person_of(request: HttpRequest) -> User | AnonymousUser:
    """The signed-in person. What is not plainly in order goes to Django, which knows every case."""
    if not hasattr(request, "_cached_user"):
        request._cached_user = _joined_person(request) or auth.get_user(request)  # type: ignore[attr-defined]
    return request._cached_user  # type: ignore[attr-defined,no-any-return]


def _joined_person(request: HttpRequest) -> User | None:
    """The person of the session's row, if the signed data agree with it and the password is still the same."""
    session = request.session
    claimed = session.get(auth.SESSION_KEY)
    row: Session | None = getattr(session, "row", None)
    user = row.user if row else None
    if user is None or claimed != str(user.pk) or not user.is_active:
        return None
    seal = session.get(auth.HASH_SESSION_KEY, "")
    return user if constant_time_compare(seal, user.get_session_auth_hash()) else None


def membership_of(request: HttpRequest) -> Membership | None:
    """The membership with which the signed-in person works."""
    if not request.user.is_authenticated:
        return None
    row: Session | None = getattr(request.session, "row", None)
    member = row.membership if row and row.user_id == request.user.pk else None
    if member is not None and member.is_active:
        member.user = request.user
        return member
    return queries.working_membership(request.user, request.session.get(ORGANIZATION_KEY))


class MembershipMiddleware:
    """Set `request.member` and `request.organization` (None for strangers, for people without a membership and on
    pages marked `@public`)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and leave the thread in the time zone in which it was found."""
        request.member = request.organization = None  # type: ignore[attr-defined]
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: object) -> None:
        """Find out who asks before a closed page begins."""
        if hasattr(view, "public_reason") or (member := membership_of(request)) is None:
            return
        request.member, request.organization = member, member.organization  # type: ignore[attr-defined]
        # Django admin is for the people who run the installation: they look after all organisations.
        if request.resolver_match is None or "admin" not in request.resolver_match.app_names:
            tenancy.enter(member.organization_id)
        timezone.activate(member.user.time_zone or member.organization.time_zone)
        if member.user.language:
            translation.activate(member.user.language)
