"""Where allauth asks us: who may sign up, where from somebody comes, and what happens when the door is locked."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from apps.accounts import actions
from apps.core import errors
from apps.core.middleware import client_ip

LOCKED_OUT_SECONDS = 300


class AccountAdapter(DefaultAccountAdapter):
    """People join by invitation or by the set-up wizard, never by signing themselves up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that our own proxies vouch for."""
        return client_ip(request) or "0.0.0.0"  # noqa: S104

    def format_email_subject(self, subject: str) -> str:
        """The subject as it stands in its template."""
        return " ".join(subject.split())

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Answer 429 after too many failures: to this address, or from this place."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as refusal:
            actions.record_sign_in_event("sign_in.locked_out", user=None, email=credentials.get("email", ""))
            raise ImmediateHttpResponse(_locked_out(request)) from refusal


def _locked_out(request: HttpRequest) -> HttpResponse:
    if not hasattr(request.allauth, "headless"):  # type: ignore[attr-defined]
        return errors.too_many(request, LOCKED_OUT_SECONDS)
    response = JsonResponse({"status": 429, "errors": [{"code": "too_many_login_attempts"}]}, status=429)
    response["Retry-After"] = str(LOCKED_OUT_SECONDS)
    return response


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """The project's handler429, which allauth calls for its other limits."""
    return errors.too_many(request, 60)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Google and others sign existing people in; they never make new ones."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Closed."""
        return False

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> SocialApp:
        """The provider's keys. Raises Http404 where nobody configured it, which allauth would let break the page."""
        if "\0" in provider:
            raise Http404
        try:
            return super().get_app(request, provider, client_id)
        except SocialApp.DoesNotExist as missing:
            raise Http404 from missing
