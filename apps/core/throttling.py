"""Rate limits of the API, by named policy. (Apart from `api.py`, because DRF loads this while it defines its views.)"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.core import ratelimit
from apps.core.middleware import client_ip

if TYPE_CHECKING:
    from rest_framework.views import APIView


def caller_name(request: Request) -> str:
    """A stable name of who asks: `key:7` for a machine, `user:3` for a person, "" for a stranger."""
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"key:{request.auth.pk}" if hasattr(request.auth, "pk") else ""


class PolicyThrottle(BaseThrottle):
    """Counts by the view's `rate_policy`; without one by `api_key`, `api_user` or, for strangers, `api_ip`."""

    retry_after: int | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether the caller may go on."""
        caller = caller_name(request)
        usual = {"key": "api_key", "user": "api_user", "": "api_ip"}[caller.partition(":")[0]]
        policy = getattr(view, "rate_policy", usual)
        try:
            ratelimit.check(policy, caller or client_ip(request._request) or "")
        except ratelimit.TooMany as refusal:
            self.retry_after = refusal.retry_after
            return False
        return True

    def wait(self) -> float | None:
        """Seconds until the next try."""
        return self.retry_after
